"""Wakes callers that wait for a job, when a worker says through Redis that it has finished.

A caller takes a seat BEFORE it looks at the row, so that no announcement can fall between the two. One thread per
process listens; whenever it has been deaf for a while it wakes everybody once, so that they look at the row again.
"""

import threading
from collections import defaultdict
from collections.abc import Callable
from uuid import UUID

import redis
import structlog

from shared.broker import create_redis
from shared.settings import Settings
from shared.task_names import FINISHED_CHANNEL

log = structlog.get_logger(__name__)

RECONNECT_SECONDS = 0.1
LOOK_UP_SECONDS = 0.25
CONNECT_SECONDS = 2.0
# As long as a connection that was lost may need to come back before callers stop waiting for announcements.
RECOVERY_SECONDS = 0.3


class Seat:
    """One caller's place in the waiting room; a context manager that gives it up at the end."""

    def __init__(self, room: "WaitingRoom", job_id: UUID) -> None:
        self._room, self._job_id = room, job_id
        self._woken = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Return True when something may have happened to the job, False after `seconds` of silence."""
        was_woken = self._woken.wait(seconds)
        self._woken.clear()
        return was_woken

    def wake(self) -> None:
        """Let the caller look at the row again."""
        self._woken.set()

    def __enter__(self) -> "Seat":
        return self

    def __exit__(self, *_raised: object) -> None:
        self._room.leave(self._job_id, self)


class WaitingRoom:
    """The callers of this process that wait, fewer than it has threads, so that some thread is always free."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.is_closing = False
        self._hearing = threading.Event()
        self._lock = threading.Lock()
        self._seats: dict[UUID, set[Seat]] = defaultdict(set)
        self._taken = 0

    def take_seat(self, job_id: UUID) -> Seat | None:
        """Return a seat for one caller that waits for this job, or None when all are taken or nothing can be heard."""
        seat = Seat(self, job_id)
        with self._lock:
            if self._taken >= self.capacity or self.is_closing or not self._hearing.is_set():
                return None
            self._taken += 1
            self._seats[job_id].add(seat)
        return seat

    def leave(self, job_id: UUID, seat: Seat) -> None:
        """Give a seat up."""
        with self._lock:
            self._taken -= 1
            self._seats[job_id].discard(seat)
            if not self._seats[job_id]:
                del self._seats[job_id]

    def wake(self, job_id: UUID) -> None:
        """Wake those who wait for this job."""
        with self._lock:
            for seat in self._seats.get(job_id, ()):
                seat.wake()

    def is_hearing(self, within_seconds: float = 0.0) -> bool:
        """Return whether announcements reach this process, giving a lost connection a moment to come back."""
        return self._hearing.wait(within_seconds)

    def set_hearing(self, is_hearing: bool) -> None:
        """Note whether announcements arrive, and wake everybody: to look for those missed, or not to wait in vain."""
        with self._lock:
            if is_hearing:
                self._hearing.set()
            else:
                self._hearing.clear()
            self._wake_all()

    def close(self) -> None:
        """Send everybody home with what there is: the process is about to stop."""
        with self._lock:
            self.is_closing = True
            self._wake_all()

    def is_worth_waiting(self) -> bool:
        """Return whether somebody woken without news should go on waiting."""
        return not self.is_closing and self.is_hearing(RECOVERY_SECONDS)

    def _wake_all(self) -> None:
        for seats in self._seats.values():
            for seat in seats:
                seat.wake()


class FinishedListener:
    """The one thread of this process that hears which jobs have finished."""

    def __init__(self, settings: Settings, room: WaitingRoom, look_up_seconds: float = LOOK_UP_SECONDS) -> None:
        """Announce to `room`, looking up every `look_up_seconds` whether it is time to stop."""
        self._client = create_redis(
            settings, socket_connect_timeout=CONNECT_SECONDS, socket_keepalive=True, health_check_interval=5
        )
        self._room = room
        self._look_up_seconds = look_up_seconds
        self._is_stopping: Callable[[], bool] = lambda: False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="finished-listener", daemon=True)

    def start(self) -> None:
        """Begin to listen in the background; call it after any fork."""
        self._thread.start()

    def stop_when(self, is_stopping: Callable[[], bool]) -> None:
        """Ask this several times a second, and send the waiting callers home once it says yes."""
        self._is_stopping = is_stopping

    def stop(self) -> None:
        """Stop listening and let the waiting callers go."""
        self._stopped.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._has_stopped():
            try:
                self._listen()
            except (redis.RedisError, OSError) as err:
                if self._room.is_hearing():
                    log.warning("announcements_lost", error=type(err).__name__)
            except Exception as err:
                log.error("listener_crashed", exc_info=err)
            self._room.set_hearing(False)
            self._stopped.wait(RECONNECT_SECONDS)
        self._room.close()

    def _has_stopped(self) -> bool:
        return self._stopped.is_set() or self._is_stopping()

    def _listen(self) -> None:
        with self._client.pubsub() as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(FINISHED_CHANNEL)
            while not self._has_stopped():
                message = channel.get_message(timeout=self._look_up_seconds)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    self._room.set_hearing(True)
                elif message["type"] == "message":
                    self._hear(message["data"])

    def _hear(self, data: bytes) -> None:
        try:
            job_id = UUID(data.decode("ascii"))
        except ValueError:
            log.warning("announcement_unreadable", bytes=len(data))
            return
        self._room.wake(job_id)
