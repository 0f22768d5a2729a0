"""Finds and ends the processes that a killed launcher has left: they carry the state folder in their environment."""

from collections.abc import Sequence
from pathlib import Path

import psutil

from embedded.programs import MARK

TERM_SECONDS = 10
KILL_SECONDS = 5


def find_leftovers(state_path: Path) -> list[psutil.Process]:
    """Return the processes that were launched in this state folder, by whichever launcher."""
    return [process for process in psutil.process_iter() if _was_launched_in(process, str(state_path))]


def end_leftovers(state_path: Path) -> int:
    """End them, kindly first; return how many there were."""
    found = find_leftovers(state_path)
    _signal(found, kindly=True)
    _, stubborn = psutil.wait_procs(found, timeout=TERM_SECONDS)
    _signal(stubborn, kindly=False)
    psutil.wait_procs(stubborn, timeout=KILL_SECONDS)
    return len(found)


def _signal(processes: Sequence[psutil.Process], kindly: bool) -> None:
    for process in processes:
        try:
            # psutil compares the start time first, so a number that was given away meanwhile is never hit.
            process.terminate() if kindly else process.kill()
        except psutil.NoSuchProcess:
            continue


def _was_launched_in(process: psutil.Process, state_path: str) -> bool:
    try:
        return process.environ().get(MARK) == state_path
    except psutil.Error:  # ended meanwhile, or another user's
        return False
