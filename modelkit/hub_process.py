"""Talks to the model hub, in a process of its own that `modelkit/hub.py` starts.

ModelScope's library reads its limits from the environment once, when it is imported, and keeps its connections open
for as long as the process lives; so it gets a process with an environment made for it, and leaves nothing behind.
The answer is one line of JSON on standard output; the library's progress bars go to standard error.

Source: `modelscope_hub` as modelscope 1.40.2 uses it (`HubApi.download_repo`): it resumes with HTTP ranges, compares
every file with the SHA-256 of the hub's listing, and moves it into place only then.
"""

import errno
import json
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modelscope_hub import (
    AuthenticationError,
    FileDownloadError,
    FileInfo,
    FileIntegrityError,
    HubApi,
    HubConfig,
    HubError,
    NetworkError,
    NotExistError,
    PermissionDeniedError,
)

from embedded.tether import end_with_parent
from worker.classifiers.modelscope_checkpoint import WEIGHTS_FILES

# Only these are fetched, and only from the top folder: no Python files, and no name that leads elsewhere.
SMALL_FILES = (
    "config.json",
    "configuration.json",
    "label_mapping.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Order:
    """What to fetch: the first of `model_ids` that the hub has, at `revision`, into a folder below `cache`."""

    model_ids: tuple[str, ...]
    revision: str
    cache: str
    endpoint: str | None  # None: the one that ModelScope's own environment variables name, or its default
    answer_seconds: float  # for the first answer; a hub that takes longer ends this process
    parent_pid: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A folder that holds exactly the files of one revision."""

    directory: str
    model_id: str
    endpoint: str


class Refusal(Exception):
    """The order cannot be carried out; the message is for the user."""


def main() -> None:
    """Carry out the order on the command line, and print the delivery or the reason why there is none."""
    order = Order(**json.loads(sys.argv[1]))
    end_with_parent(order.parent_pid)
    warnings.simplefilter("ignore")  # one speaks of the environment variable MODELSCOPE_DOMAIN, which is fine here
    # The library keeps logins and a lasting name for this machine in its folder; without one it has neither to send.
    config = HubConfig(endpoint=order.endpoint, cache_dir=Path(order.cache), config_dir=Path(os.devnull))
    endpoint = str(config.endpoint)
    try:
        print(json.dumps(asdict(_deliver(HubApi(config), endpoint, order))))
    except Refusal as err:
        print(json.dumps({"refusal": str(err)}))
    except (HubError, OSError) as err:
        print(json.dumps({"refusal": _explain(err, endpoint)}))


def _deliver(api: HubApi, endpoint: str, order: Order) -> Delivery:
    signal.setitimer(signal.ITIMER_REAL, order.answer_seconds)  # its default action ends the process
    model_id, files = _find(api, order)
    signal.setitimer(signal.ITIMER_REAL, 0)
    directory = Path(order.cache) / model_id.replace("/", "--") / order.revision
    entries = [{"Path": file.path, "Size": file.size, "Sha256": file.sha256} for file in files]
    api.download_repo(model_id, "model", revision=order.revision, local_dir=directory, file_list=entries)
    _remove_others(directory, {file.path for file in files})
    return Delivery(str(directory), model_id, endpoint)


def _find(api: HubApi, order: Order) -> tuple[str, list[FileInfo]]:
    """Return the first id that the hub has, and the files to fetch."""
    for model_id in order.model_ids:
        try:
            listed = api.list_repo_files(model_id, "model", revision=order.revision)
        except NotExistError:
            listed = []
        if listed:
            return model_id, _choose(model_id, listed)
        revisions = _list_revisions(api, model_id)
        if revisions:
            raise Refusal(f"{model_id} has no revision {order.revision}; it has: {', '.join(revisions)}.")
    raise Refusal(
        f"the hub has no model {' nor '.join(order.model_ids)}. A local directory is meant by ./name or /name."
    )


def _list_revisions(api: HubApi, model_id: str) -> list[str]:
    try:
        return [str(entry.get("Revision")) for entry in api.list_repo_revisions(model_id, "model")]
    except NotExistError:
        return []


def _choose(model_id: str, listed: Sequence[FileInfo]) -> list[FileInfo]:
    by_name = {file.path: file for file in listed}
    weights = next((name for name in WEIGHTS_FILES if name in by_name), None)
    if weights is None or "config.json" not in by_name:
        wanted = f"config.json and {' or '.join(WEIGHTS_FILES)}"
        raise Refusal(f"{model_id} is no checkpoint that can be read: it must have {wanted}.")
    return [by_name[name] for name in (*SMALL_FILES, weights) if name in by_name]


def _remove_others(directory: Path, names: set[str]) -> None:
    """Leave nothing of an earlier state of the revision, such as a label file that the hub has taken back."""
    for path in directory.iterdir():
        if path.name not in names:
            path.unlink()


def _explain(err: Exception, endpoint: str) -> str:
    failures: dict[str, BaseException] = err.failed_files if isinstance(err, FileDownloadError) else {"": err}
    name, failure = next(iter(failures.items()))
    what, cause = name or "the list of files", _find_cause(failure)
    if isinstance(cause, OSError) and cause.errno in NO_SPACE:
        return f"no space is left for {what}. Free some, or choose another --cache."
    if isinstance(failure, FileIntegrityError):
        return f"{what} arrived damaged, each time (its size or SHA-256 is another than the hub says); it was dropped."
    if isinstance(failure, AuthenticationError | PermissionDeniedError):
        return f"{endpoint} wants a login for {what}. Set MODELSCOPE_API_TOKEN to a token of yours."
    if isinstance(failure, NetworkError):
        reason = f"{endpoint} cannot be reached for {what} ({_find_reason(cause)})"
        return f"{reason}. Check the network and run the same command again: what has arrived is kept."
    return f"{what} failed: {_first_line(failure)}"


def _find_cause(err: BaseException) -> BaseException:
    while err.__cause__ is not None:
        err = err.__cause__
    return err


def _find_reason(cause: BaseException) -> str:
    """Return what the socket said, without the layers that the HTTP libraries wrap around it."""
    reason = str(getattr(cause.args[0] if cause.args else None, "reason", None) or _first_line(cause))
    return reason.partition("): ")[2] or reason


def _first_line(err: BaseException) -> str:
    message: Any = getattr(err, "message", str(err))
    return (str(message).splitlines() or [type(err).__name__])[0]


if __name__ == "__main__":
    main()
