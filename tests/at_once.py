"""Does one thing many times at the same moment, for the tests of what only one of them may achieve."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
START_SECONDS = 60


def do_at_once(times: int, call: Callable[[], T]) -> list[T]:
    """Return what each call returns, once all have; the first error of any is raised."""
    ready = threading.Barrier(times)

    def wait_and_call() -> T:
        ready.wait(START_SECONDS)
        return call()

    with ThreadPoolExecutor(times) as threads:
        calls = [threads.submit(wait_and_call) for _ in range(times)]
        return [one.result() for one in calls]
