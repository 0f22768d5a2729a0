"""The neutral band as callers ask for it."""

from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.services.neutral_band import NeutralBand as NewNeutralBand
from shared.neutral_band import MAX_NEUTRAL_THRESHOLD, MIN_NEUTRAL_THRESHOLD, is_neutral_threshold


def check_neutral_band(value: Any) -> NewNeutralBand:
    """Return what the service takes, if this is a boolean, a threshold or null."""
    if value is None or isinstance(value, bool):
        return value or None
    if is_neutral_threshold(value):
        return float(value)
    if isinstance(value, int | float):
        raise PydanticCustomError(
            "neutral_band_range",
            "A threshold lies between {least} and {most}: it is compared with the score of the better label.",
            {"least": MIN_NEUTRAL_THRESHOLD, "most": MAX_NEUTRAL_THRESHOLD},
        )
    raise PydanticCustomError(
        "neutral_band_type",
        "The neutral band is true (the model's own threshold), or a number between {least} and {most}; without it, "
        "false or null, there is none.",
        {"least": MIN_NEUTRAL_THRESHOLD, "most": MAX_NEUTRAL_THRESHOLD},
    )


NeutralBand = Annotated[
    NewNeutralBand,
    PlainValidator(check_neutral_band),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "boolean"},
                {"type": "number", "minimum": MIN_NEUTRAL_THRESHOLD, "maximum": MAX_NEUTRAL_THRESHOLD},
                {"type": "null"},
            ],
            "default": None,
            "description": "Label a text `neutral` when its score lies below a threshold: true takes the model's "
            "calibrated one (`neutral_threshold` of GET /v1/models), a number is a threshold of your own. "
            "Without it, false or null: no band.",
        }
    ),
]
