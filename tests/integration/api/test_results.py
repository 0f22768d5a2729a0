"""Results: in input order, page by page, as far as they are there."""

from flask.testing import FlaskClient

from tests.integration.api.conftest import REVISION, RuleWorker


def test_a_result_says_everything_about_one_text(client: FlaskClient, rule_worker: RuleWorker) -> None:
    text = {"text": "很好", "id": "r1", "metadata": {"店": "甲"}}
    job = client.post("/v1/jobs", json={"texts": [text]}).get_json()
    rule_worker.score_once()

    page = client.get(job["links"]["results"]).get_json()

    assert page["next_cursor"] is None
    assert page["data"] == [
        {
            "index": 0,
            "id": "r1",
            "text": "很好",
            "state": "succeeded",
            "label": "positive",
            "score": 0.9,
            "scores": {"negative": 0.1, "positive": 0.9},
            "tokens": 2,
            "windows": 1,
            "model": f"structbert-small-zh@{REVISION}",
            "error": None,
            "metadata": {"店": "甲"},
        }
    ]


def test_a_failed_text_says_why(client: FlaskClient, rule_worker: RuleWorker) -> None:
    job = client.post("/v1/jobs", json={"texts": ["坏了"]}).get_json()
    rule_worker.score_once()

    result = client.get(job["links"]["results"]).get_json()["data"][0]

    assert (result["state"], result["label"], result["score"]) == ("failed", None, None)
    assert result["error"] == {
        "code": "scoring_failed",
        "detail": "The model could not score this text (ValueError).",
        "line": None,
    }


def test_results_come_in_input_order_page_by_page(client: FlaskClient, rule_worker: RuleWorker) -> None:
    texts = [f"第{number}条" for number in range(7)]
    job = client.post("/v1/jobs", json={"texts": texts}).get_json()
    rule_worker.score_once()
    found: list[str] = []
    query = {"limit": "3"}

    for size in (3, 3, 1):
        page = client.get(job["links"]["results"], query_string=query).get_json()
        assert len(page["data"]) == size
        found += [result["text"] for result in page["data"]]
        query["cursor"] = page["next_cursor"]

    assert found == texts
    assert query["cursor"] is None


def test_partial_results_are_there_while_the_job_runs(client: FlaskClient, rule_worker: RuleWorker) -> None:
    job = client.post("/v1/jobs", json={"texts": ["好", "差", "很好"]}).get_json()
    rule_worker.score_once(max_texts=1)
    rule_worker.claim(max_texts=1)

    everything = client.get(job["links"]["results"]).get_json()["data"]
    succeeded = client.get(job["links"]["results"], query_string={"state": "succeeded"}).get_json()["data"]

    assert [result["state"] for result in everything] == ["succeeded", "running", "queued"]
    assert [result["index"] for result in succeeded] == [0]


def test_odd_texts_come_back_character_by_character(client: FlaskClient, rule_worker: RuleWorker) -> None:
    odd = [
        "[SEP] 和 [MASK]", "😀😀", "\U0001fae9", "ＦＵＬＬ　ｗｉｄｔｈ", "繁體字", "e\u0301\u200d", "<b>&amp;\"\\/",
        "\x01\x7f字",
        "字" * 100_000, "\ufeff开头", "行\r\n分\u2028隔", "\u202e反字",
    ]  # fmt: skip
    job = client.post("/v1/jobs", json={"texts": odd}).get_json()
    rule_worker.score_once()

    results = client.get(job["links"]["results"]).get_json()["data"]

    assert [result["text"] for result in results] == odd
    assert {result["state"] for result in results} == {"succeeded"}
