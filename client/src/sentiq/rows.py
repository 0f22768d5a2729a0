"""Results as a data frame, with the caller's own columns first."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sentiq.errors import ExtraMissing
from sentiq.models import Result

if TYPE_CHECKING:
    import pandas as pd

OURS = ("index", "state", "label", "score")
ERROR = "error"


def make_frame(results: Iterable[Result]) -> "pd.DataFrame":
    """Return the results as a data frame, one text a row: `id`, `text`, the caller's columns, then ours.

    A column of the caller's that has a name of ours is called `metadata.NAME`.

    Raises:
        ExtraMissing: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as err:
        raise ExtraMissing("extra_missing", package="pandas", extra="pandas") from err
    rows = [(_list_theirs(result), _list_ours(result)) for result in results]
    theirs = dict.fromkeys(name for row, _ in rows for name in row)
    scores = sorted({name for _, row in rows for name in row if name.startswith("score_")})
    columns = ["id", "text", *(name for name in theirs if name not in ("id", "text")), *OURS, *scores, ERROR]
    return pd.DataFrame([first | second for first, second in rows], columns=columns)


def _list_theirs(result: Result) -> dict[str, Any]:
    taken = {"id", "text", ERROR, *OURS}
    renamed = {
        f"metadata.{name}" if name in taken or name.startswith("score_") else name: value
        for name, value in (result.metadata or {}).items()
    }
    return {"id": result.id, "text": result.text, **renamed}


def _list_ours(result: Result) -> dict[str, Any]:
    return {
        "index": result.index,
        "state": result.state.value,
        "label": result.label and result.label.value,
        "score": result.score,
        **{f"score_{label}": value for label, value in (result.scores or {}).items()},
        ERROR: result.error and result.error.code,
    }
