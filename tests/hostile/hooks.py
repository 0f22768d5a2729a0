"""What schemathesis is told about this service: which refusals of valid data are meant, and what to count.

Loaded by schemathesis itself (schemathesis.toml). No check is switched off; this is the one place for exceptions.
"""

import atexit
import json
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

import tests.hostile.files  # noqa: F401  what it uploads

TALLY_VARIABLE = "SENTIQ_TEST_TALLY"  # where the figures of the run are written when it ends
# Refusals of a request that the document allows, since no schema can say what they depend on.
MEANT_REFUSALS: Mapping[str, str] = {
    "column_unknown": "Which columns there are stands in the file.",
    "content_type_unsupported": "A file whose type says nothing is known by the ending of its name.",
    "cursor_invalid": "A cursor is opaque: the document does not say which strings the service has given out.",
    "deadline_passed": "A schema can say what a time looks like, and not whether it has come.",
    "file_empty": "A schema says nothing of what is in a file.",
    "file_malformed": "A schema says nothing of what is in a file.",
    "idempotency_key_reused": "Which keys came before, and with which bodies, no document can say.",
    "model_unknown": "Which models there are depends on the workers that live; GET /v1/models lists them.",
    "moment_out_of_range": "A schema can say what a time looks like, and not between which years it lies.",
    "neutral_band_unavailable": "Whether the model has a threshold depends on the worker that serves it.",
    "nothing_to_score": "Which characters a model can read is known to its tokenizer alone.",
    "option_doubled": "An option of a form may stand in the query too, but not in both.",
    "option_for_files": "OpenAPI cannot say that a parameter goes with some kinds of bodies only.",
    "text_blank": "Which of Unicode's characters can be seen is more than a pattern can say.",
    "too_many_bad_rows": "A schema says nothing of what is in a file.",
    "webhook_url_refused": "Whether an address is public, or may be used at all, is no matter of its spelling alone.",
}

_lock = threading.Lock()
_answers: dict[str, Counter[str]] = defaultdict(Counter)
_slowest_seconds: dict[str, float] = defaultdict(float)


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, _case: Any, response: Any) -> bool:
    """Return whether the failure counts: not if valid data was refused for reasons that all stand above."""
    return not (isinstance(failure, RejectedPositiveData) and are_meant(response.content))


def are_meant(body: bytes) -> bool:
    """Return whether every reason that a refusal gives is one that no schema could have told."""
    problem = json.loads(body)
    if problem.keys() == {"error"}:  # the simple call's own words for a blank text
        return True
    reasons = {error["code"] for error in problem.get("errors", ())} or {problem["code"]}
    return reasons <= MEANT_REFUSALS.keys()


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Take the options of files away from JSON, or hardly any JSON would come without one and be taken."""
    if case.operation.label != "POST /v1/jobs" or case.media_type != "application/json" or case.meta is None:
        return
    query = case.meta.components.get(ParameterLocation.QUERY)
    if query is None or not query.mode.is_negative:
        case.query.clear()


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    """Count the answer by operation, kind of data and class of status."""
    operation = case.operation.label
    with _lock:
        _answers[operation].update((_name_mode(case), f"{response.status_code // 100}xx"))
        _slowest_seconds[operation] = max(_slowest_seconds[operation], response.elapsed)


def _name_mode(case: Any) -> str:
    return "negative" if case.meta is not None and case.meta.generation.mode.is_negative else "positive"


@atexit.register
def _write_tally() -> None:
    if path := os.environ.get(TALLY_VARIABLE):
        tally = {name: dict(counts) | {"seconds": _slowest_seconds[name]} for name, counts in _answers.items()}
        Path(path).write_text(json.dumps(tally), encoding="utf-8")
