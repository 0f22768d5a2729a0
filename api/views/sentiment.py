"""The simple call: one text in, one feeling out, while the caller waits."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api.access import needs
from api.accounts import get_account
from api.core import get_core
from api.document import SENTIMENT, describe_answer, describe_blank_text, describe_problems
from api.responses import respond
from api.schemas.sentiment import Sentiment, SentimentRequest, present_sentiment
from api.services.sentiment import score_text
from shared.scopes import Scope

blueprint = APIBlueprint("sentiment", __name__, abp_tags=[SENTIMENT])


@blueprint.post(
    "/api/sentiment",
    summary="为一条文本打分并等待结果 / Score one text and wait for the result",
    operation_id="score_text",
    responses={
        **describe_problems(
            "body_too_large", "content_type_unsupported", "validation_error", "neutral_band_unavailable",
            "nothing_to_score", "queue_full", "quota_exceeded", "rate_limited", "broker_unavailable",
             "too_many_waiting", "scoring_failed",
            "wait_timed_out", "text_cancelled",
        ),
        "200": describe_answer("How the text feels.", Sentiment),
        "400": describe_blank_text(),
    },
)  # fmt: skip
@needs(Scope.SUBMIT)
def score(body: SentimentRequest) -> Response:
    """Score one text and wait for the result."""
    result = score_text(get_core(), get_account(), body.text, body.neutral_band)
    return respond(present_sentiment(body.text, result.label, result.score))
