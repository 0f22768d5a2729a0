"""A process that does not outlive its parent."""

import subprocess
import sys

import psutil
import pytest

from tests.service import ROOT, wait_until

CHILD = """
import os, time
from embedded.tether import end_with_parent
end_with_parent({parent})
print(os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = f"""
import os, subprocess, sys
code = {CHILD!r}.format(parent=os.getpid())
subprocess.run([sys.executable, "-c", code])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_a_killed_parent_takes_its_child_along() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))

        parent.kill()

        wait_until(lambda: not child.is_running(), 10, "the end of the child")


def test_a_parent_that_was_gone_before_ends_the_child_at_once() -> None:
    code = CHILD.format(parent=1)

    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=10, check=False)

    assert (finished.returncode, finished.stdout) == (1, b"")
