"""The result of each text, and pages of them."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from sqlalchemy import Row

from api.cursors import encode_results_cursor
from api.exports.formats import ResultsFormat
from api.schemas.base import Answer, Flag, RequestQuery
from shared.states import ErrorCode, Label, TextState

MAX_LIMIT = 1_000
DEFAULT_LIMIT = 100
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many to return at most.")]
MAX_INDEX = 2**31 - 1  # the database's integers end here
Cursor = Annotated[str, Field(max_length=100, description="The `next_cursor` of the page before.")]


class ResultsQuery(RequestQuery):
    """Which results, and in which format."""

    format: ResultsFormat | None = Field(
        None, description="`json`: page by page; the others: all in one. Without it, what `Accept` asks for, or JSON."
    )
    limit: Limit | None = Field(None, description="How many at most; without it a page of JSON has 100, a file all.")
    cursor: Cursor | None = None
    after: Annotated[int, Field(ge=-1, le=MAX_INDEX)] = Field(
        -1, description="Only texts behind this index, as to go on after a download that broke; a `cursor` goes before."
    )
    state: TextState | None = Field(None, description="Only texts in this state.")
    bom: Flag = Field(False, description="CSV: begin with a byte order mark, by which Excel knows UTF-8.")
    header: Flag = Field(True, description="CSV: begin with the names of the columns.")


class ResultError(Answer):
    """Why a text has no prediction."""

    code: ErrorCode | str
    detail: str
    line: int | None = Field(
        description="The line of the uploaded file; null for what did not come from a file's bad row."
    )


class Result(Answer):
    """One text, where it stands, and what the model found once it has succeeded."""

    model_config = ConfigDict(
        protected_namespaces=(),
        json_schema_extra={
            "examples": [
                {
                    "index": 0,
                    "id": "review-17",
                    "text": "物流很快，包装也好，下次还会再来。",
                    "state": "succeeded",
                    "label": "positive",
                    "score": 0.9731,
                    "scores": {"negative": 0.0269, "positive": 0.9731},
                    "tokens": 19,
                    "windows": 1,
                    "model": "structbert-small-zh@0123456789ab",
                    "error": None,
                    "metadata": {"shop": "A3"},
                },
                {
                    "index": 1,
                    "id": "review-18",
                    "text": "周三收到的，和图片一样。",
                    "state": "succeeded",
                    "label": "neutral",
                    "score": 0.6142,
                    "scores": {"negative": 0.3858, "positive": 0.6142},
                    "tokens": 12,
                    "windows": 1,
                    "model": "structbert-small-zh@0123456789ab",
                    "error": None,
                    "metadata": None,
                },
            ]
        },
    )

    index: int = Field(ge=0, description="The text's place in the job, from 0.")
    id: str | None = Field(description="The name that you gave the text.")
    text: str
    state: TextState
    label: Label | None
    score: float | None = Field(
        description="The highest of `scores`: the probability of `label`, unless the neutral band made the text "
        "`neutral` because this lies below the job's `neutral_threshold`."
    )
    scores: dict[str, float] | None = Field(
        description="The probability of every label of the model, with a neutral band or without."
    )
    tokens: int | None = Field(description="How many tokens of the text the model read, special tokens not counted.")
    windows: int | None = Field(description="In how many overlapping windows; 1 unless the text is long.")
    model: str | None = Field(description="Name and revision of the model that scored the text.")
    error: ResultError | None
    metadata: dict[str, Any] | None


class ResultPage(Answer):
    """Results in input order, whatever their state."""

    data: list[Result]
    next_cursor: str | None = Field(description="Where the next page begins; null at the end.")


def present_results(rows: Sequence[Row[Any]], limit: int) -> ResultPage:
    """Return the page of the first `limit` rows; one row more says that another page follows."""
    page = rows[:limit]
    cursor = encode_results_cursor(page[-1].position) if len(rows) > limit else None
    return ResultPage(data=[present_result(row) for row in page], next_cursor=cursor)


def present_result(row: Row[Any]) -> Result:
    """Return one text as callers see it."""
    error = ResultError(code=row.error_code, detail=row.error_detail, line=row.error_line) if row.error_code else None
    # Not validated again: a page may hold a thousand rows, and the database has them right.
    return Result.model_construct(
        index=row.position,
        id=row.client_id,
        text=row.text,
        state=TextState(row.state),
        label=Label(row.label) if row.label else None,
        score=row.score,
        scores=row.scores,
        tokens=row.token_count,
        windows=row.window_count,
        model=row.model_version,
        error=error,
        metadata=row.details,
    )
