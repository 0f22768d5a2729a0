"""The simple call: one text in, one feeling out."""

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from api.request_errors import TextBlank
from api.schemas.base import Answer, RequestBody
from api.schemas.neutral_band import NeutralBand
from api.schemas.texts import TextContent, is_blank
from shared.states import Label

EMOJI = {Label.POSITIVE: "😊", Label.NEGATIVE: "😞", Label.NEUTRAL: "😐"}


class SentimentRequest(RequestBody):
    """One text."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "物流很快，包装也好，下次还会再来。"},
                {"text": "周三收到的，和图片一样。", "neutral_band": 0.8},
            ]
        },
    )

    text: TextContent
    neutral_band: NeutralBand = None

    @model_validator(mode="before")
    @classmethod
    def refuse_blank(cls, data: Any) -> Any:
        """Answer a missing or blank text in the words that callers of this call know."""
        text = data.get("text") if isinstance(data, dict) else data
        if text is None or (isinstance(text, str) and is_blank(text)):
            raise TextBlank
        return data


class Sentiment(Answer):
    """How the text feels."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "物流很快，包装也好，下次还会再来。",
                    "sentiment": "Positive",
                    "confidence": 0.9731,
                    "emoji": "😊",
                },
                {"text": "周三收到的，和图片一样。", "sentiment": "Neutral", "confidence": 0.6142, "emoji": "😐"},
            ]
        },
    )

    text: str
    sentiment: Literal["Positive", "Negative", "Neutral"]
    confidence: float = Field(
        ge=0,
        le=1,
        description="The highest of the model's probabilities: that of this sentiment, unless the neutral band made "
        "the text neutral because this lies below the threshold.",
    )
    emoji: str


class BlankTextError(Answer):
    """What the simple call answers when there is no text."""

    error: Literal["输入文本不能为空"] = "输入文本不能为空"


def present_sentiment(text: str, label: str, score: float) -> Sentiment:
    """Return the answer of the simple call."""
    return Sentiment.model_validate(
        {"text": text, "sentiment": label.capitalize(), "confidence": score, "emoji": EMOJI[Label(label)]}
    )
