"""Bases of the shapes, and the limits that settings put on what a caller may send."""

from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Strict

from shared.settings import Settings

QUERY_TITLE = "query"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one request may hold."""

    max_text_chars: int = 100_000
    max_texts: int = 100_000

    @classmethod
    def from_settings(cls, settings: Settings) -> "Limits":
        """Return what these settings allow; a job that can never fit into the queue is never accepted."""
        return cls(settings.max_text_chars, min(settings.max_texts_per_job, settings.max_queued_texts))


# flask-openapi3 hands no validation context to pydantic, so the limits of the application at work come this way.
_DEFAULT_LIMITS = Limits()
LIMITS: ContextVar[Limits] = ContextVar("limits", default=_DEFAULT_LIMITS)


def read_whole_number(value: Any) -> Any:
    """Take 60.0 for 60, as JSON Schema does; to stand behind the limits, or the document would not have them."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def read_flag(value: Any) -> Any:
    """Take `true` and `false` for what they mean, and leave all else to be refused: `yes`, `1` and `on` too."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


Flag = Annotated[bool, Strict(), BeforeValidator(read_flag)]


class RequestBody(BaseModel):
    """A JSON object as a caller sends it: no field unknown, no type guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RequestQuery(BaseModel):
    """The parameters after the question mark: none unknown, numbers read from text."""

    model_config = ConfigDict(extra="forbid", frozen=True, title=QUERY_TITLE)

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """Return the schema, made once: flask-openapi3 asks for it at every request."""
        return _make_schema(cls, *args, **options)


@cache
def _make_schema(model: type[RequestQuery], *args: Any, **options: Any) -> dict[str, Any]:
    return super(RequestQuery, model).model_json_schema(*args, **options)


class Answer(BaseModel):
    """A JSON object as this service sends it."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)
