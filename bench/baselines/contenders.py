"""How each contender is started, on which texts it is measured, and by how many clients."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.baselines.environments import prepare_environment
from bench.baselines.models import Models
from bench.server import Server, find_free_port
from bench.service import Service

CLIENTS = 64
ARTICLE_PROCESSES = 2  # the article's, on any machine
SENTIMENT_PATH, PREDICT_PATH = "/api/sentiment", "/predict"


@dataclass(frozen=True, slots=True)
class Batching:
    """How LitServe gathers single requests."""

    max_size: int
    timeout_seconds: float


DOCUMENTED_BATCHING = Batching(8, 0.1)  # the example in the documentation of `litserve.LitAPI`, version 0.2.19
# With 64 clients on 2 cores 2 gave 28 texts/s, 4 gave 20, 8 gave 12, 16 gave 7: a batch is as slow as its longest text.
BEST_BATCHING = Batching(2, 0.02)


@dataclass(frozen=True, slots=True)
class Contenders:
    """Makes the servers; each call gives a new one that is not started."""

    folder: Path
    models: Models
    article_python: Path
    litserve_python: Path

    @property
    def article_environment(self) -> dict[str, str]:
        """Return what keeps ModelScope's own files out of the user's home."""
        return {"MODELSCOPE_CACHE": str(self.folder / "modelscope")}

    def article(self, *, pad_to_longest: bool = False, one_thread: bool = False) -> Server:
        """Return the article's service: gunicorn with two processes, each with ModelScope's pipeline.

        Left to itself, torch starts a thread a core in each process, so that they take the cores from each other.
        """
        port = find_free_port()
        app = f"bench.baselines.article.app:create_app({str(self.models.checkpoint)!r}, {pad_to_longest})"
        options = ("--bind", f"127.0.0.1:{port}", "--workers", str(ARTICLE_PROCESSES), "--timeout", "120")
        return Server(
            command=(self.article_python, "-m", "gunicorn", *options, app),
            port=port,
            environment=self.article_environment | ({"OMP_NUM_THREADS": "1"} if one_thread else {}),
            ready_answers=ARTICLE_PROCESSES,
            log=self.folder / "article.log",
        )

    def litserve(self, batching: Batching) -> Server:
        """Return the LitServe app, with one worker a core as its documentation advises for CPUs."""
        port = find_free_port()
        files = (self.models.int8_graph, self.models.tokenizer)
        numbers = (port, os.cpu_count() or 1, batching.max_size, batching.timeout_seconds)
        return Server(
            command=(self.litserve_python, "-m", "bench.baselines.litserve.app", *files, *map(str, numbers)),
            port=port,
            log=self.folder / "litserve.log",
        )

    def sentiq(self, state: Path) -> Service:
        """Return our service with its settings as they are, but for the model and room and time for all clients."""
        settings = {
            "SENTIQ_MODEL": str(self.models.model_dir),
            "SENTIQ_API_THREADS": str(2 * CLIENTS),  # a waiting caller holds a thread, and some are kept for others
            "SENTIQ_SENTIMENT_WAIT_SECONDS": "110",  # as patient as LitServe is told to be
        }
        return Service(state, settings)


def prepare_contenders(folder: Path, models: Models) -> Contenders:
    """Install what the baselines need."""
    contenders = Contenders(
        folder,
        models,
        article_python=prepare_environment(folder, "article", with_torch=True),
        litserve_python=prepare_environment(folder, "litserve", with_torch=False),
    )
    # ModelScope writes an index of itself when it is first imported; two processes at once could spoil it.
    _index_modelscope(contenders)
    return contenders


def _index_modelscope(contenders: Contenders) -> None:
    command = (contenders.article_python, "-W", "ignore", "-c", "import modelscope.pipelines")
    environment = os.environ | contenders.article_environment
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
