"""Lets the children of a worker know that it was asked to stop.

Celery tells only the parent, which then waits for its children's tasks. A child that looks here between two
micro-batches gives back what it has not begun, so that stopping takes as long as one micro-batch and not as one claim.
"""

import mmap


class StopFlag:
    """One byte of memory that a parent shares with the children it forks; make it before the first of them."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 1)

    def set(self) -> None:
        """Ask everybody to stop; for good, and safe in a signal handler."""
        self._memory[0] = 1

    def is_set(self) -> bool:
        """Return whether it is time to stop."""
        return self._memory[0] == 1
