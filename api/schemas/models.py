"""The models that can be asked for."""

from datetime import datetime

from pydantic import Field

from api.schemas.base import Answer
from shared.states import Label


class Model(Answer):
    """One model, and who serves it at the moment."""

    name: str
    is_default: bool = Field(description="Whether jobs that name no model go to this one.")
    revision: str | None = Field(description="Hash of the model directory; null until a worker has served it.")
    backend: str | None
    arithmetic: str | None = Field(
        description="How it computes: `fp32`, `int8`, or `int8-widened`, which scores as `int8` does and is the slower "
        "fallback where the processor has no VNNI; null until a worker has served it."
    )
    labels: list[Label] | None
    max_tokens: int | None = Field(description="Size of the window that the model reads at once.")
    neutral_threshold: float | None = Field(
        description="What `neutral_band: true` stands for; null if the model has no threshold, or none is known yet."
    )
    live_workers: int
    texts_per_second: float = Field(description="Measured speed of the live workers together; 0 while none lives.")
    seen_at: datetime | None = Field(description="When a worker last served it.")


class ModelList(Answer):
    """Every model that texts are accepted for."""

    data: list[Model]
