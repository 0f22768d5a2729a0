"""Fetches checkpoints from ModelScope, or from a hub that speaks its protocol; what arrived once is not fetched again.

The library itself runs in a process of its own (`modelkit/hub_process.py`); this side knows the models' names, the
limits, and how to say what went wrong.
"""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelkit.errors import HubFailed

DEFAULT_CACHE = Path.home() / ".cache" / "sentiq" / "hub"
DEFAULT_REVISION = "master"
NAMESPACES = ("damo", "iic")  # ModelScope shows the same models under both
SENTIMENT_MODEL = "nlp_structbert_sentiment-classification_chinese-"
ALIASES = {f"structbert-{size}": f"{NAMESPACES[0]}/{SENTIMENT_MODEL}{size}" for size in ("base", "large", "tiny")}
# An id that an article about such a service names; where the hub lacks it, these models are what is meant.
MISNAMED = "StructBERT_Large_Emotion_Chinese"
ID = re.compile(r"[\w.-]+/[\w.-]+")
REVISION = re.compile(r"(?!.*\.\.)\w[\w./-]*")
# Seconds for the first answer. A dead name server or a silent firewall would otherwise hold the user for minutes.
ANSWER_SECONDS = 5.0
# The library's own environment variables. Whoever has set one of these keeps his value.
LIMITS = {
    # Tries of the listing: the default of four, with pauses, makes a refused connection take eight seconds.
    "MODELSCOPE_REPO_TREE_PAGE_MAX_ATTEMPTS": "2",
    "MODELSCOPE_API_MAX_RETRIES": "1",
    # Seconds for one file. The default of an hour is too short for 1.3 GB over a slow line.
    "MODELSCOPE_DOWNLOAD_TOTAL_TIMEOUT": str(24 * 60 * 60),
    "MODELSCOPE_LOG_LEVEL": "CRITICAL",  # what matters comes back as the answer
}
# These hold whatever else is set: the library would ask for its cloud region at an address that the hub names, and
# route downloads by it.
CONFINEMENT = {"MODELSCOPE_DOWNLOAD_INTRA_CLOUD": "false", "MODELSCOPE_DOWNLOAD_INTER_CLOUD_REGIONS": ""}


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model's name as the user gave it, and the ids under which the hub may have it."""

    name: str
    model_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Download:
    """A folder with a checkpoint of the hub, and where it came from."""

    directory: Path
    model_id: str
    revision: str
    endpoint: str


def find_hub_model(name: str) -> HubModel | None:
    """Return the model that `name`, an alias or an id such as owner/model, means on the hub."""
    full = ALIASES.get(name, name)
    if not ID.fullmatch(full):
        return None
    owner, _, model = full.partition("/")
    others = [namespace for namespace in NAMESPACES if namespace != owner] if owner in NAMESPACES else []
    return HubModel(name, (full, *(f"{namespace}/{model}" for namespace in others)))


def download(
    model: HubModel,
    revision: str = DEFAULT_REVISION,
    cache: Path = DEFAULT_CACHE,
    endpoint: str | None = None,
    answer_seconds: float = ANSWER_SECONDS,
) -> Download:
    """Fetch what `cache` lacks of the model, and return the folder that holds it.

    Raises:
        HubFailed: saying why, and what to do.
    """
    if not REVISION.fullmatch(revision):
        raise HubFailed(f"{revision!r} is no revision. Give the name of a branch or a tag, or a commit.")
    cache.mkdir(parents=True, exist_ok=True)
    order = {
        "model_ids": model.model_ids,
        "revision": revision,
        "cache": str(cache.resolve()),
        "endpoint": endpoint,
        "answer_seconds": answer_seconds,
        "parent_pid": os.getpid(),
    }
    answer = _ask(order, model, answer_seconds)
    if "refusal" in answer:
        raise HubFailed(f"{model.name} cannot be fetched: {answer['refusal']}{_name_true_ids(model)}")
    return Download(Path(answer["directory"]), answer["model_id"], revision, answer["endpoint"])


def _ask(order: dict[str, Any], model: HubModel, answer_seconds: float) -> dict[str, Any]:
    shown = sys.stderr.isatty()  # progress bars are for a person
    run = subprocess.run(  # noqa: S603 (our own module)
        [sys.executable, "-m", "modelkit.hub_process", json.dumps(order)],
        cwd=Path(__file__).parents[1],
        env={**LIMITS, **os.environ, **CONFINEMENT},
        stdout=subprocess.PIPE,
        stderr=None if shown else subprocess.PIPE,
        encoding="utf-8",
        check=False,
        start_new_session=True,  # Ctrl-C is for this process, which ends that one
    )
    if run.returncode == -signal.SIGALRM:
        raise HubFailed(
            f"{model.name} cannot be fetched: the hub has not answered within {answer_seconds:g} seconds. "
            "Check the network, or give the path of a local directory."
        )
    if run.returncode != 0:
        last = (run.stderr or "").strip().splitlines()[-1:] or ["no reason was given"]
        raise HubFailed(f"{model.name} cannot be fetched: ModelScope's library ended with {last[0]}")
    answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return answer


def _name_true_ids(model: HubModel) -> str:
    if not model.model_ids[0].endswith(f"/{MISNAMED}"):
        return ""
    return f" The sentiment models are: {', '.join(ALIASES.values())}."
