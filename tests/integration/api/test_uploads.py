"""Files of texts by HTTP: raw and as a form, packed or not, bad rows beside good ones, and refusals."""

import gzip
import io
import json
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from api.app import build_core, create_app
from api.core import Core
from api.services.receiving import taking_place
from api.upload_errors import TooManyUploads
from shared.database import Database
from shared.models import TextRow
from shared.settings import Settings
from tests.integration.api.conftest import RuleWorker
from tests.integration.api.reading import count_jobs, count_texts, count_tickets

CSV = "text/csv"
REVIEWS = "id,评论,shop\nr1,很好,A\nr2,,B\nr3,差,A\n".encode()


def upload(
    client: FlaskClient, content: bytes = REVIEWS, content_type: str = CSV, query: str = "", **headers: str
) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(f"/v1/jobs?{query}", data=content, content_type=content_type, headers=named)


def list_results(client: FlaskClient, answer: TestResponse) -> list[dict[str, Any]]:
    page: list[dict[str, Any]] = client.get(f"{answer.headers['Location']}/results?limit=1000").get_json()["data"]
    return page


def test_a_table_becomes_a_job_with_its_bad_rows_as_failed_texts(
    client: FlaskClient, settings: Settings, rule_worker: RuleWorker
) -> None:
    rule_worker.beat()
    answer = upload(client)
    tickets = count_tickets(settings)
    rule_worker.score_once()

    job, results = client.get(answer.headers["Location"]).get_json(), list_results(client, answer)

    assert (answer.status_code, answer.get_json()["receiving"], tickets) == (202, False, 1)
    assert answer.get_json()["counts"] | {"failed": 1, "queued": 2, "total": 3} == answer.get_json()["counts"]
    assert (job["state"], job["counts"]["succeeded"], job["counts"]["failed"]) == ("completed", 2, 1)
    assert [(one["id"], one["text"], one["label"], one["metadata"]) for one in results] == [
        ("r1", "很好", "positive", {"shop": "A"}),
        ("r2", "", None, {"shop": "B"}),
        ("r3", "差", "negative", {"shop": "A"}),
    ]
    assert (results[1]["error"]["code"], results[1]["error"]["line"]) == ("text_blank", 3)


def test_ndjson_with_all_options(client: FlaskClient) -> None:
    query = (
        "text_column=t&id_column=key&neutral_band=0.8&expires_after=60&deadline=2999-01-01T00:00:00Z"
        "&metadata=%7B%22batch%22%3A7%7D&max_bad_rows=0&filename=a.ndjson"
    )

    answer = upload(client, '{"t": "好", "key": 1, "n": 2}\n'.encode(), "application/x-ndjson", query)

    job = answer.get_json()
    assert (job["neutral_threshold"], job["expires_after"], job["metadata"]) == (0.8, 60, {"batch": 7})
    assert job["deadline"].startswith("2999-01-01T00:00:00")
    (result,) = list_results(client, answer)
    assert (result["text"], result["id"], result["metadata"]) == ("好", "1", {"n": 2})


@pytest.mark.parametrize(
    ("filename", "content"),
    [("评论.csv", REVIEWS), ("a.csv.gz", gzip.compress(REVIEWS)), ("gbk.csv", REVIEWS.decode().encode("gbk"))],
    ids=["plain", "gzip", "gbk"],  # what is packed holds the time
)
def test_a_form_with_its_options_before_the_file(client: FlaskClient, filename: str, content: bytes) -> None:
    form = {"text_column": "评论", "metadata": '{"a": 1}', "file": (io.BytesIO(content), filename)}

    answer = client.post("/v1/jobs", data=form, content_type="multipart/form-data")

    assert (answer.status_code, answer.get_json()["metadata"]) == (202, {"a": 1})
    assert [one["text"] for one in list_results(client, answer)] == ["很好", "", "差"]


def test_packed_bodies_and_vague_types(client: FlaskClient) -> None:
    packed = upload(client, gzip.compress(REVIEWS), Content_Encoding="gzip")
    named = upload(client, REVIEWS, "application/octet-stream", "filename=reviews.csv")

    assert (packed.status_code, named.status_code) == (202, 202)
    assert list_results(client, packed)[0]["text"] == "很好"


def test_equal_texts_are_scored_once_and_each_has_its_result(
    client: FlaskClient, database: Database, rule_worker: RuleWorker
) -> None:
    content = "text,n\n" + "".join(f"{'默认好评' if number % 2 else '差'},{number}\n" for number in range(5_000))

    answer = upload(client, content.encode())
    scored = rule_worker.score_once()

    job, results = client.get(answer.headers["Location"]).get_json(), list_results(client, answer)
    failed = client.get(f"{answer.headers['Location']}/results?state=succeeded&limit=3").get_json()["data"]
    assert scored == 2
    assert (job["state"], job["counts"]["succeeded"], job["counts"]["total"]) == ("completed", 5_000, 5_000)
    assert [one["label"] for one in results[:4]] == ["negative", "positive", "negative", "positive"]
    assert {one["state"] for one in results} == {"succeeded"}
    assert [one["metadata"]["n"] for one in failed] == ["0", "1", "2"]


def test_equal_texts_in_json_are_scored_once_too(
    client: FlaskClient, database: Database, rule_worker: RuleWorker
) -> None:
    answer = client.post("/v1/jobs", json={"texts": ["好", "坏了", "好", "坏了", "好"]})

    scored = rule_worker.score_once()

    job, results = client.get(answer.headers["Location"]).get_json(), list_results(client, answer)
    assert scored == 2
    assert (job["counts"]["succeeded"], job["counts"]["failed"]) == (3, 2)
    assert [one["label"] for one in results] == ["positive", None, "positive", None, "positive"]
    assert [one["error"] and one["error"]["code"] for one in results] == [None, "scoring_failed"] * 2 + [None]


BAD = {
    "empty": (b"", CSV, "", 422, "file_empty", "holds no texts"),
    "a header only": (b"text,n\n", CSV, "", 422, "file_empty", "holds no texts"),
    "a wrong column": (REVIEWS, CSV, "text_column=x", 422, "column_unknown", "'id', '评论', 'shop'"),
    "too many bad rows": (REVIEWS, CSV, "max_bad_rows=0", 422, "too_many_bad_rows", "line 3"),
    "too many texts": (b"text\n" + b"a\n" * 6, CSV, "", 422, "too_many_texts", "more than 5 texts"),
    "too large": (b"text\n" + b"a" * 3_000, CSV, "", 413, "body_too_large", "2,000 bytes"),
    "an unknown option": (REVIEWS, CSV, "colum=x", 422, "validation_error", ""),
    "an unknown model": (REVIEWS, CSV, "model=x", 422, "model_unknown", "'x'"),
    "a deadline in the past": (REVIEWS, CSV, "deadline=2001-01-01T00:00:00Z", 422, "deadline_passed", ""),
    "metadata that is no JSON": (REVIEWS, CSV, "metadata=x", 422, "validation_error", ""),
    "an unknown encoding": (REVIEWS, CSV, "charset=latin-1", 415, "content_type_unsupported", "GB18030"),
    "an unknown kind": (REVIEWS, "application/octet-stream", "", 415, "content_type_unsupported", ".parquet"),
    "no gzip": (REVIEWS, "application/gzip", "filename=a.csv.gz", 422, "file_malformed", "gzip"),
    "a form without a file": (b"--b\r\n\r\n--b--", "multipart/form-data; boundary=b", "", 400, "body_invalid", ""),
    "a form without a boundary": (b"x", "multipart/form-data", "", 400, "body_invalid", "boundary"),
    "a bomb": (gzip.compress(b"text\n" + b"a\n" * 50_000), "text/csv", "filename=a.csv.gz", 413, "body_too_large", ""),
}


@pytest.fixture
def strict_client(core: Core) -> FlaskClient:
    """A client of an application with small limits."""
    limits = {"max_upload_texts": 5, "max_upload_bytes": 2_000, "max_unpacked_bytes": 4_000}
    return create_app(replace(core, settings=core.settings.model_copy(update=limits))).test_client()


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_taken_leaves_nothing(strict_client: FlaskClient, database: Database, name: str) -> None:
    content, content_type, query, status, code, says = BAD[name]

    answer = upload(strict_client, content, content_type, query)

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert says in problem["detail"]
    assert strict_client.get("/v1/jobs").get_json()["data"] == []
    assert upload(strict_client).status_code == 202


def test_a_body_of_another_type_hears_which_are_taken(client: FlaskClient) -> None:
    answer = upload(client, REVIEWS, "application/x-www-form-urlencoded")

    assert (answer.status_code, answer.get_json()["code"]) == (415, "content_type_unsupported")
    for named in ("application/x-www-form-urlencoded", "application/json", "text/csv", "multipart/form-data"):
        assert named in answer.get_json()["detail"]


def test_an_option_that_stands_twice_is_refused(client: FlaskClient) -> None:
    form = {"text_column": "评论", "file": (io.BytesIO(REVIEWS), "a.csv")}

    answers = [
        upload(client, query="text_column=%E8%AF%84%E8%AE%BA&text_column=shop"),
        client.post("/v1/jobs?text_column=shop", data=form, content_type="multipart/form-data"),
    ]

    for answer in answers:
        (error,) = answer.get_json()["errors"]
        assert (answer.status_code, error["code"], error["parameter"]) == (422, "option_doubled", "text_column")


def test_options_of_files_beside_json_are_refused(client: FlaskClient) -> None:
    answer = client.post("/v1/jobs?model=m", json={"texts": ["好"]})

    (error,) = answer.get_json()["errors"]
    assert (answer.status_code, error["code"], error["parameter"]) == (422, "option_for_files", "model")
    assert client.get("/v1/jobs").get_json()["data"] == []


def test_a_packed_form_is_read(client: FlaskClient) -> None:
    content = b"text\n" + b"".join(b"line %d\n" % number for number in range(20_000))
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'

    answer = upload(
        client,
        gzip.compress(head + content + b"\r\n--b--\r\n"),
        "multipart/form-data; boundary=b",
        Content_Encoding="gzip",
    )

    assert (answer.status_code, answer.get_json()["counts"]["total"]) == (202, 20_000)


def test_uploads_never_take_every_thread(settings: Settings) -> None:
    few = build_core(settings.model_copy(update={"api_threads": 4}))

    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(taking_place(few))
        with pytest.raises(TooManyUploads):
            stack.enter_context(taking_place(few))

        assert few.room.take_stream_seat(uuid4()) is not None
        assert few.room.take_stream_seat(uuid4()) is None
    few.database.close()


def test_an_option_that_is_wrong_is_named(client: FlaskClient) -> None:
    answers = [upload(client, query=query) for query in ("colum=x", "text_column=x", "max_bad_rows=-1", "metadata=[]")]

    named = [answer.get_json()["errors"][0]["parameter"] for answer in answers]
    assert named == ["colum", "text_column", "max_bad_rows", "metadata"]


def test_options_behind_the_file_are_refused(client: FlaskClient, database: Database) -> None:
    parts = [
        'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\ntext\n好\n',
        'Content-Disposition: form-data; name="model"\r\n\r\nx',
    ]
    body = "".join(f"--b\r\n{part}\r\n" for part in parts) + "--b--\r\n"

    answer = upload(client, body.encode(), "multipart/form-data; boundary=b")

    assert (answer.status_code, answer.get_json()["code"]) == (400, "body_invalid")
    assert client.get("/v1/jobs").get_json()["data"] == []


def test_no_more_uploads_at_once_than_there_are_places(core: Core, client: FlaskClient) -> None:
    while core.uploads.acquire(blocking=False):
        continue

    refused = upload(client)
    core.uploads.release()

    assert (refused.status_code, refused.get_json()["code"]) == (503, "too_many_waiting")
    assert int(refused.headers["Retry-After"]) > 0
    assert upload(client).status_code == 202


def test_a_queue_that_fills_up_while_the_texts_arrive_refuses_them_all(core: Core, database: Database) -> None:
    settings = core.settings.model_copy(update={"max_queued_texts": 3_000})
    client = create_app(replace(core, settings=settings)).test_client()
    content = "text\n" + "".join(f"第{number}条\n" for number in range(5_000))

    answer = upload(client, content.encode())

    assert (answer.status_code, answer.get_json()["code"]) == (429, "queue_full")
    assert client.get("/v1/jobs").get_json()["data"] == []


def test_chunks_keep_their_order_and_every_row(client: FlaskClient, database: Database) -> None:
    content = "".join(f"{json.dumps(f'第{number}条', ensure_ascii=False)}\n" for number in range(4_500))

    answer = upload(client, content.encode(), "application/x-ndjson")

    with database.reading() as session:
        stored = session.execute(select(TextRow.position, TextRow.text).order_by(TextRow.id)).all()
    assert answer.get_json()["counts"]["total"] == 4_500
    assert [tuple(row) for row in stored] == [(number, f"第{number}条") for number in range(4_500)]
    assert (count_jobs(database), count_texts(database)) == (1, 4_500)


def test_texts_of_an_upload_that_is_refused_in_the_middle_are_given_back_to_the_day(
    core: Core, database: Database
) -> None:
    client = create_app(replace(core, settings=core.settings.model_copy(update={"texts_per_day": 3_000}))).test_client()
    long, short = ("text\n" + "".join(f"第{number}条\n" for number in range(count)) for count in (5_000, 2_900))

    refused = upload(client, long.encode())
    taken = upload(client, short.encode())

    assert (refused.status_code, refused.get_json()["code"]) == (429, "quota_exceeded")
    assert (taken.status_code, taken.get_json()["counts"]["total"]) == (202, 2_900)
