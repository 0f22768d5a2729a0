"""Rows as the database gives them."""

from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Row

MODEL = "structbert-small-zh@0123456789ab"


def make_row(position: int = 0, **changes: Any) -> Row[Any]:
    """Return the row of one text that has succeeded, with these columns changed."""
    columns = {
        "position": position, "client_id": None, "text": "很好", "details": None, "state": "succeeded",
        "label": "positive", "score": 0.9, "scores": {"negative": 0.1, "positive": 0.9}, "token_count": 2,
        "window_count": 1, "model_version": MODEL, "error_code": None, "error_detail": None, "error_line": None,
    } | changes  # fmt: skip
    return cast(Row[Any], SimpleNamespace(**columns))


def make_failed(position: int = 0, **changes: Any) -> Row[Any]:
    """Return the row of one text that could not be scored."""
    why = {"error_code": "scoring_failed", "error_detail": "The model could not score this text."}
    return make_row(position, state="failed", label=None, score=None, scores=None, **why, **changes)
