"""A service started with `make run`, in a folder and on a port of its own."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from embedded.leftovers import end_leftovers, find_leftovers
from tests.servers import find_free_port
from tests.service import ROOT, wait_until

READY_SECONDS = 90
STOP_SECONDS = 40
PAGE = 1_000


@dataclass(slots=True)
class LaunchedService:
    """One state folder, and whichever launcher serves it now."""

    state: Path
    port: int = field(default_factory=find_free_port)
    settings: dict[str, str] = field(default_factory=dict)
    make: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the API answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def output_file(self) -> Path:
        """What the launcher has said, of all starts."""
        return self.state.with_suffix(".output")

    def read_output(self) -> str:
        """Return what the launchers have said so far."""
        return self.output_file.read_text(encoding="utf-8")

    def start(self) -> float:
        """Start, wait until the launcher says so, and return the seconds that took."""
        started = time.monotonic()
        already = self.read_output().count("Ready in") if self.output_file.exists() else 0
        make = self.start_without_waiting()
        wait_until(
            lambda: self.read_output().count("Ready in") > already or make.poll() is not None,
            READY_SECONDS,
            "the launcher's word that it is ready",
        )
        assert make.poll() is None, self.read_output()
        return time.monotonic() - started

    def start_without_waiting(self) -> subprocess.Popen[bytes]:
        """Start `make run` as the leader of a process group, as a terminal does."""
        if self.make is not None:
            self.make.wait(STOP_SECONDS)
        # Whoever runs the tests may have come from `make` too.
        outside = {key: value for key, value in os.environ.items() if not key.startswith(("SENTIQ_", "MAKE", "MFLAGS"))}
        own = {"SENTIQ_STATE_DIR": str(self.state), "SENTIQ_PORT": str(self.port), "SENTIQ_WORKERS": "1"}
        # Short, so that a test need not wait long for what a killed worker held.
        own["SENTIQ_LEASE_SECONDS"] = "4"
        with self.output_file.open("ab") as output:
            self.make = subprocess.Popen(
                ["make", "run"], cwd=ROOT, env=outside | own | self.settings,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        return self.make

    def run_until_it_fails(self) -> str:
        """Start a service that cannot run, and return what it says."""
        before = len(self.read_output()) if self.output_file.exists() else 0
        assert self.start_without_waiting().wait(READY_SECONDS) == 2  # make's word for a failed command
        return self.read_output()[before:]

    def find_launcher(self) -> psutil.Process:
        """Return the launcher itself."""
        assert self.make is not None
        (launcher,) = psutil.Process(self.make.pid).children()
        return launcher

    def find_program(self, module: str) -> psutil.Process:
        """Return the process that runs `python -m module` and whose parent is the supervisor."""
        supervisor = int((self.state / "supervisord.pid").read_text())
        (found,) = [child for child in psutil.Process(supervisor).children() if module in child.cmdline()]
        return found

    def stop(self, number: signal.Signals = signal.SIGTERM, *, whole_group: bool = False) -> float:
        """Send a signal to `make`, or to its group as Ctrl-C does; return the seconds until it ended."""
        assert self.make is not None
        started = time.monotonic()
        os.killpg(self.make.pid, number) if whole_group else self.make.send_signal(number)
        self.make.wait(STOP_SECONDS)
        return time.monotonic() - started

    def list_processes(self) -> list[psutil.Process]:
        """Return every process that this service has started and that still lives."""
        return find_leftovers(self.state)

    def clean_up(self) -> None:
        """End whatever a failed test has left."""
        if self.make is not None and self.make.poll() is None:
            self.stop()
        end_leftovers(self.state)

    def submit(self, texts: Sequence[str]) -> str:
        """Send a job and return its id."""
        answer = httpx.post(f"{self.url}/v1/jobs", json={"texts": list(texts)}, timeout=30)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def read_counts(self, job_id: str) -> dict[str, int]:
        """Return how many of the job's texts are in each state, as the API says."""
        counts: dict[str, int] = httpx.get(f"{self.url}/v1/jobs/{job_id}", timeout=10).json()["counts"]
        return counts

    def wait_until_under_way(self, job_id: str) -> None:
        """Wait until some texts have their outcome and some have not."""
        wait_until(lambda: self.read_counts(job_id)["succeeded"] > 0, 30, "the first result")
        assert self.read_counts(job_id)["queued"] > 0, "the job was over too soon for this test"

    def wait_until_done(self, job_id: str, seconds: float = 90) -> None:
        """Wait until the job has finished."""
        url = f"{self.url}/v1/jobs/{job_id}"
        wait_until(lambda: httpx.get(url, timeout=10).json()["state"] == "completed", seconds, "the end of the job")

    def count_outcomes(self, job_id: str) -> Counter[tuple[int, str]]:
        """Return how often each pair of a text's place and its state occurs in the results."""
        outcomes: Counter[tuple[int, str]] = Counter()
        cursor: str | None = ""
        while cursor is not None:
            params: dict[str, str | int] = {"limit": PAGE} | ({"cursor": cursor} if cursor else {})
            page = httpx.get(f"{self.url}/v1/jobs/{job_id}/results", params=params, timeout=30).json()
            outcomes.update((result["index"], result["state"]) for result in page["data"])
            cursor = page["next_cursor"]
        return outcomes
