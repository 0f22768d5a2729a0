"""Seats for the callers that hold a thread for long: that wait for a job, are sent a stream, or send a file.

Who waits takes a seat BEFORE it looks at the row, so that no announcement can fall between the two; `api/listening.py`
hears the announcements.
"""

import threading
from collections import defaultdict
from uuid import UUID, uuid4

# As long as a connection that was lost may need to come back before callers stop waiting for announcements.
RECOVERY_SECONDS = 0.3
# Streams may last for hours, so they never take the seats of all others.
STREAMS_SHARE = 2


class Seat:
    """One caller's place in the waiting room; a context manager that gives it up at the end."""

    def __init__(self, room: "WaitingRoom", job_id: UUID, *, is_for_stream: bool = False) -> None:
        self._room, self.job_id = room, job_id
        self.is_for_stream = is_for_stream
        self._woken = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Return True when something may have happened to the job, False after `seconds` of silence."""
        was_woken = self._woken.wait(seconds)
        self._woken.clear()
        return was_woken

    def wake(self) -> None:
        """Let the caller look at the row again."""
        self._woken.set()

    def leave(self) -> None:
        """Give the seat up."""
        self._room.leave(self)

    def __enter__(self) -> "Seat":
        return self

    def __exit__(self, *_raised: object) -> None:
        self.leave()


class WaitingRoom:
    """The callers of this process that stay, fewer than it has threads, so that some thread is always free."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.stream_capacity = max(1, capacity // STREAMS_SHARE)
        self.is_closing = False
        self._hearing = threading.Event()
        self._lock = threading.Lock()
        self._seats: dict[UUID, set[Seat]] = defaultdict(set)
        self._taken = 0
        self._streams = 0

    def take_seat(self, job_id: UUID) -> Seat | None:
        """Return a seat for one caller that waits for this job, or None when all are taken or nothing can be heard."""
        with self._lock:
            return self._take(Seat(self, job_id)) if self._hearing.is_set() else None

    def take_stream_seat(self, job_id: UUID) -> Seat | None:
        """Return a seat for one caller that is sent a stream about this job, or None when too many are sent one.

        It is given whether announcements can be heard or not: a stream looks at the rows by itself.
        """
        with self._lock:
            if self._streams >= self.stream_capacity:
                return None
            return self._take(Seat(self, job_id, is_for_stream=True))

    def take_upload_seat(self) -> Seat | None:
        """Return a seat for one caller that sends a file, or None when all are taken; nobody wakes it."""
        with self._lock:
            return self._take(Seat(self, uuid4()))

    def _take(self, seat: Seat) -> Seat | None:
        if self._taken >= self.capacity or self.is_closing:
            return None
        self._taken += 1
        self._streams += seat.is_for_stream
        self._seats[seat.job_id].add(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        """Give a seat up; twice does no harm."""
        with self._lock:
            seats = self._seats.get(seat.job_id, set())
            if seat not in seats:
                return
            seats.discard(seat)
            self._taken -= 1
            self._streams -= seat.is_for_stream
            if not seats:
                del self._seats[seat.job_id]

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
