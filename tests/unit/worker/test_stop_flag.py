"""The flag that a parent sets and its children see."""

import os

from worker.stop_flag import StopFlag


def test_a_flag_set_by_the_parent_is_seen_in_a_child_that_was_forked_before() -> None:
    flag = StopFlag()
    assert not flag.is_set()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(reader, 1)
        os._exit(7 if flag.is_set() else 1)

    flag.set()
    os.write(writer, b"x")

    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
