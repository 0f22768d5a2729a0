"""Shares a courier's threads among receivers, so that those who are slow hold up nobody else.

One receiver is a tenant's deliveries to one host. Who answered promptly the last time has a quarter of the threads. All
others have one place each: half of the threads at most, and a quarter those of whom it is known that they are slow.
Whoever finds no place stands in line, and is called when one is free.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping

PROMPT_SECONDS = 2.0
MAX_REMEMBERED = 10_000


class ReceiverGate:
    """Lets attempts through to their receivers; shared by the threads of one process."""

    def __init__(self, threads: int) -> None:
        """Share out so many threads."""
        self._per_prompt = self._for_slow = max(1, threads // 4)
        self._for_unproven = threads - threads // 2
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._is_prompt: OrderedDict[str, bool] = OrderedDict()  # how each answered last; the newest come last
        self._line: OrderedDict[str, None] = OrderedDict()

    def enter(self, receiver: str) -> bool:
        """Return whether an attempt at this receiver may begin now; `leave` must follow if it may."""
        with self._lock:
            if self._count_room(receiver, self._held) < 1:
                self._line_up(receiver)
                return False
            self._held[receiver] += 1
            return True

    def leave(self, receiver: str, seconds: float | None) -> None:
        """End an attempt; whoever does must call those who are next.

        `seconds` is how long the receiver took, or None if it was not asked after all.
        """
        with self._lock:
            self._held[receiver] -= 1
            if not self._held[receiver]:
                del self._held[receiver]
            if seconds is not None:
                self._remember(receiver, is_prompt=seconds <= PROMPT_SECONDS)
            if receiver in self._line:  # it has had its turn
                self._line.move_to_end(receiver)

    def find_next(self, left: str, called: Mapping[str, int]) -> tuple[str, int] | None:
        """Return who in the line is to be called next, and for how many attempts; None if nobody has to be.

        That is the receiver just left, or one that is not prompt: of the tenant with the fewest such attempts under
        way, and of these the one that has waited longest. Those `called` count as if they had come in already. A call
        may be lost, so a receiver keeps its place until it is left, or struck out.
        """
        with self._lock:
            taken = self._held + Counter(called)
            waiting = [one for one in self._line if one == left or not self._is_prompt.get(one)]
            rooms = {one: self._count_room(one, taken) for one in waiting if one not in called}
            fitting = [one for one, room in rooms.items() if room > 0]
            if not fitting:
                return None
            tenants = Counter(_find_tenant(one) for one in self._list_unproven(taken))
            receiver = min(fitting, key=lambda one: tenants[_find_tenant(one)])
            return receiver, rooms[receiver]

    def line_up(self, receiver: str) -> None:
        """Take it that something is due at this receiver."""
        with self._lock:
            self._line_up(receiver)

    def is_in_line(self, receiver: str) -> bool:
        """Return whether something may be due at this receiver that found no place."""
        with self._lock:
            return receiver in self._line

    def strike_out(self, receiver: str) -> None:
        """Take it that nothing is due at this receiver."""
        with self._lock:
            self._line.pop(receiver, None)

    def _line_up(self, receiver: str) -> None:
        if len(self._line) < MAX_REMEMBERED:  # the sweeper calls for the others
            self._line.setdefault(receiver)

    def _count_room(self, receiver: str, taken: Mapping[str, int]) -> int:
        """Return how many more attempts may begin at the receiver, when so many are under way at each."""
        if self._is_prompt.get(receiver):
            return self._per_prompt - taken.get(receiver, 0)
        if receiver in taken:
            return 0
        unproven = self._list_unproven(taken)
        slow = [one for one in unproven if one in self._is_prompt]
        if receiver in self._is_prompt and len(slow) >= self._for_slow:
            return 0
        return int(len(unproven) < self._for_unproven)

    def _list_unproven(self, taken: Mapping[str, int]) -> list[str]:
        """Return the receiver of each attempt that may take long."""
        return [one for one, count in taken.items() if not self._is_prompt.get(one) for _ in range(count)]

    def _remember(self, receiver: str, *, is_prompt: bool) -> None:
        self._is_prompt[receiver] = is_prompt
        self._is_prompt.move_to_end(receiver)
        while len(self._is_prompt) > MAX_REMEMBERED:
            self._is_prompt.popitem(last=False)


def _find_tenant(receiver: str) -> str:
    return receiver.partition(" ")[0]
