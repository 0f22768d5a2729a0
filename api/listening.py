"""Hears through Redis which jobs have finished, and wakes the callers of this process that wait for them.

One thread per process listens; whenever it has been deaf for a while it wakes everybody once, so that they look at the
rows again.
"""

import threading
from collections.abc import Callable
from uuid import UUID

import redis
import structlog

from api.waiting import WaitingRoom
from shared.broker import create_redis
from shared.settings import Settings
from shared.task_names import FINISHED_CHANNEL

log = structlog.get_logger(__name__)

RECONNECT_SECONDS = 0.1
LOOK_UP_SECONDS = 0.25
CONNECT_SECONDS = 2.0


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
