"""Shares a courier's threads among receivers, so that those who are slow hold up nobody else.

One receiver is a tenant's deliveries to one host. It has a quarter of the threads at most; and half of the threads
are kept for receivers that answered promptly the last time, whatever number of others hang.
"""

import threading
from collections import Counter, OrderedDict

PROMPT_SECONDS = 2.0
MAX_REMEMBERED = 10_000


class ReceiverGate:
    """Lets attempts through to their receivers; shared by the threads of one process."""

    def __init__(self, threads: int) -> None:
        """Share out so many threads."""
        self._per_receiver = max(1, threads // 4)
        self._for_unproven = threads - threads // 2
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._prompt: OrderedDict[str, None] = OrderedDict()
        self._turned_away: set[str] = set()

    def enter(self, receiver: str) -> bool:
        """Return whether an attempt at this receiver may begin now; `leave` must follow if it may."""
        with self._lock:
            if not self._has_room(receiver):
                # Whoever is at this receiver calls for the rest; without anybody there, the sweeper does.
                if self._held[receiver]:
                    self._turned_away.add(receiver)
                return False
            self._held[receiver] += 1
            return True

    def leave(self, receiver: str, seconds: float | None) -> int:
        """End an attempt; return for how many more there is room at this receiver.

        `seconds` is how long the receiver took, or None if it was not asked after all.
        """
        with self._lock:
            self._held[receiver] -= 1
            if seconds is not None:
                self._remember(receiver, is_prompt=seconds <= PROMPT_SECONDS)
            room = self._per_receiver - self._held[receiver]
            if not self._held[receiver]:
                del self._held[receiver]
            return room

    def forget_turned_away(self, receiver: str) -> bool:
        """Return whether any was turned away at this receiver since this was asked the last time."""
        with self._lock:
            was_turned_away = receiver in self._turned_away
            self._turned_away.discard(receiver)
            return was_turned_away

    def expect_more(self, receiver: str) -> None:
        """Take it that more is due at this receiver, so that the next to leave calls for it."""
        with self._lock:
            self._turned_away.add(receiver)

    def _has_room(self, receiver: str) -> bool:
        if self._held[receiver] >= self._per_receiver:
            return False
        unproven = sum(count for held, count in self._held.items() if held not in self._prompt)
        return receiver in self._prompt or unproven < self._for_unproven

    def _remember(self, receiver: str, *, is_prompt: bool) -> None:
        self._prompt.pop(receiver, None)
        if is_prompt:
            self._prompt[receiver] = None
        while len(self._prompt) > MAX_REMEMBERED:
            self._prompt.popitem(last=False)
