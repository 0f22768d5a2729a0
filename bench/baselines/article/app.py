"""A Flask app that does what the article's does: ModelScope's pipeline, one text a request, one pipeline a process.

gunicorn calls `create_app`. The article's page, emoji and CORS are left out: they cost nothing that is measured.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

TASK = "text-classification"
MAX_TEXT_CHARS = 512  # what the article advises to cut at
SENTIMENTS = {"正面": "Positive", "positive": "Positive", "负面": "Negative", "negative": "Negative"}

Pipeline = Callable[[str], Mapping[str, Sequence[Any]]]


def create_app(checkpoint: str, pad_to_longest: bool) -> Flask:
    """Return the app around ModelScope's pipeline on `checkpoint`, an absolute path.

    The pipeline pads every text to 512 tokens unless `pad_to_longest`, which pads to the longest of a request: with
    one text a request, not at all.
    """
    # Only this app's own environment has it, and the tests build the app without.
    from modelscope.pipelines import pipeline

    options = {"padding": True} if pad_to_longest else {}
    return build_app(pipeline(TASK, model=checkpoint, device="cpu", **options))


def build_app(pipeline: Pipeline) -> Flask:
    """Return the app around any pipeline that answers one text with its `labels` and their `scores`."""
    app = Flask(__name__)

    @app.post("/api/sentiment")
    def score() -> ResponseReturnValue:
        """Score one text."""
        text = request.get_json().get("text", "").strip()
        if not text:
            return jsonify(error="输入文本不能为空"), 400
        answer = pipeline(text[:MAX_TEXT_CHARS])
        confidence, label = max(zip(answer["scores"], answer["labels"], strict=True))
        return jsonify(text=text, sentiment=SENTIMENTS[label], confidence=confidence)

    @app.get("/health")
    def tell_process() -> Response:
        """Answer with this process's number, so that a caller can see that every process has its pipeline."""
        return Response(str(os.getpid()), mimetype="text/plain")

    return app
