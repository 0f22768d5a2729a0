#!/usr/bin/env python3
"""A folder as a queue: put tables into in/, find them with their results in done/, or with the reason in failed/.

把表格文件放进 in/，打好分的出现在 done/，有问题的连同原因在 failed/。

    pip install ./client
    python folder_queue.py /srv/reviews            # for ever; Ctrl-C, or a signal, ends it
    python folder_queue.py /srv/reviews --once     # what is there now

To put a file in, write it under another name first and then rename it (`mv x.tmp in/x.csv`), so that no half of a file
is taken. Give each a name of its own: a second a.csv replaces the first, with its results. It may be stopped at any
moment: the next start goes on with the same jobs, since the key of a submission is made from the file itself (the
service remembers keys for a day).
"""

import argparse
import hashlib
import sys
import time
from pathlib import Path

from sentiq import Client, Conflict, InputUnusable, JobState, NotFound, RequestRefused, SentiqError

KINDS = (".csv", ".tsv", ".ndjson", ".jsonl", ".xlsx", ".parquet", ".gz", ".zst")
LOOK_AGAIN_SECONDS = 5
# Something is wrong with the file or its job. Whatever else goes wrong is the fault of the moment, of the key or of the
# disk: then the file stays where it is and is taken up again.
FINAL = (RequestRefused, Conflict, NotFound, InputUnusable)


class NotCompleted(Exception):
    """The job was cancelled, or has expired."""


def make_key(path: Path) -> str:
    """Return the idempotency key of a file: the same content under the same name is the same submission."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(path.name.encode())
    return f"folder-{digest.hexdigest()}"


def score(client: Client, path: Path, done: Path) -> None:
    """Submit one file, wait for its job, and leave file and results in `done`."""
    job = client.submit(path, idempotency_key=make_key(path))
    print(f"{path.name}: job {job.id}, {job.counts.total:,} texts", file=sys.stderr)
    job.wait()
    if job.state is not JobState.COMPLETED:
        raise NotCompleted(f"The job {job.id} has ended before its texts were scored: {job.state}.")
    job.download(done / f"{path.name}.scored.csv", bom=True)
    path.rename(done / path.name)  # last: as long as it lies in in/, it is not done


def set_aside(path: Path, failed: Path, error: Exception) -> None:
    """Move a file that will never be scored, and write down why."""
    (failed / f"{path.name}.reason.txt").write_text(f"{error}\n", encoding="utf-8")
    path.rename(failed / path.name)
    print(f"{path.name}: {error}", file=sys.stderr)


def work_off(client: Client, folder: Path) -> bool:
    """Score every file that is there now, the oldest first; return whether none had to stay."""
    waiting = [path for path in (folder / "in").iterdir() if path.suffix.lower() in KINDS]
    for path in sorted(waiting, key=lambda path: path.stat().st_mtime):
        try:
            score(client, path, folder / "done")
        except (NotCompleted, *FINAL) as err:
            set_aside(path, folder / "failed", err)
        except SentiqError as err:
            print(f"{path.name}: {err}\n  it stays in the queue", file=sys.stderr)
            return False
    return True


def main() -> bool:
    """Run until stopped, or once; return whether nothing is left to do."""
    parser = argparse.ArgumentParser(description="Score the tables that are put into a folder.")
    parser.add_argument("folder", type=Path, help="holds in/, done/ and failed/, which are made if need be")
    parser.add_argument("--once", action="store_true", help="leave when all that is there is done")
    options = parser.parse_args()
    for name in ("in", "done", "failed"):
        (options.folder / name).mkdir(parents=True, exist_ok=True)
    with Client() as client:  # address and key: SENTIQ_URL, SENTIQ_API_KEY
        is_done = work_off(client, options.folder)
        while not options.once:
            time.sleep(LOOK_AGAIN_SECONDS)
            is_done = work_off(client, options.folder)
    return is_done


if __name__ == "__main__":
    try:
        sys.exit(0 if main() else 6)  # 6: try again, as the command sentiq says it
    except KeyboardInterrupt:
        sys.exit(130)
    except SentiqError as err:  # such as an address that is none
        sys.exit(str(err))
