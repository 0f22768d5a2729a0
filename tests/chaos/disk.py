"""A small disk of its own for SQLite, so that it can run full and nothing else does."""

import subprocess
from pathlib import Path

DISK_BYTES = 384 << 20


def mount_disk(at: Path) -> Path | None:
    """Mount an empty disk in memory and return where it is, or None where this user may not mount."""
    at.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(at)]
    done = subprocess.run(["mount", *options], capture_output=True, check=False)
    return at if done.returncode == 0 else None


def unmount_disk(at: Path | None) -> None:
    """Take the disk away, with all that is on it."""
    if at is not None:
        subprocess.run(["umount", str(at)], capture_output=True, check=True)
