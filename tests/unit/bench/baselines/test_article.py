"""The article's app around a pipeline that is given, since its own packages are not installed here."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from flask.testing import FlaskClient

from bench.baselines.article.app import build_app


class RecordingPipeline:
    """Answers as ModelScope's does: labels and scores in no order that means anything."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> Mapping[str, Sequence[Any]]:
        self.texts.append(text)
        return {"labels": ["负面", "正面"], "scores": [0.25, 0.75]}


@pytest.fixture
def pipeline() -> RecordingPipeline:
    return RecordingPipeline()


@pytest.fixture
def client(pipeline: RecordingPipeline) -> FlaskClient:
    return build_app(pipeline).test_client()


def test_one_text_is_answered_with_its_likelier_sentiment(client: FlaskClient) -> None:
    answer = client.post("/api/sentiment", json={"text": "很好"})

    assert answer.json == {"text": "很好", "sentiment": "Positive", "confidence": 0.75}


def test_a_long_text_is_cut_at_512_characters(client: FlaskClient, pipeline: RecordingPipeline) -> None:
    client.post("/api/sentiment", json={"text": "好" * 600})

    assert [len(text) for text in pipeline.texts] == [512]


def test_an_empty_text_is_refused(client: FlaskClient, pipeline: RecordingPipeline) -> None:
    answer = client.post("/api/sentiment", json={"text": "  "})

    assert (answer.status_code, answer.json) == (400, {"error": "输入文本不能为空"})
    assert pipeline.texts == []


def test_a_process_tells_its_number(client: FlaskClient) -> None:
    assert client.get("/health").text == str(os.getpid())
