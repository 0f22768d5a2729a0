"""Results as files: whole, in input order, at any time, in every format; cut short only so that it can be told."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from api.app import create_app
from api.core import Core
from api.exports.columns import SAMPLED_ROWS
from api.services.exporting import PAGE_CHARS, PAGE_ROWS
from api.waiting import WaitingRoom
from shared.database import Database
from shared.models import TextRow
from shared.queries import texts
from shared.states import Lane, TextState
from shared.tenants import Tenant
from tests.factories import submit
from tests.fakes import FakeClock
from tests.integration.api.conftest import RuleWorker

TEXTS = [
    {"text": "很好", "id": "r1", "metadata": {"店": "甲", "stars": 5}},
    {"text": '=HYPERLINK("http://x")，差', "metadata": {"stars": 1}},
    "坏了",
]
HEADER = ["id", "text", "店", "stars", "index", "state", "label", "score", "score_negative", "score_positive", "error"]


@pytest.fixture
def results(client: FlaskClient, rule_worker: RuleWorker) -> str:
    """Return where the results of a finished job are."""
    rule_worker.beat()
    # Not by `json=`, which sorts the members.
    job = client.post("/v1/jobs", data=json.dumps({"texts": TEXTS}), content_type="application/json").get_json()
    rule_worker.score_once()
    return str(job["links"]["results"])


def read_csv(answer: TestResponse) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))


def read_indexes(answer: TestResponse) -> list[int]:
    return [json.loads(line)["index"] for line in answer.text.splitlines()]


def test_csv_has_the_callers_columns_beside_the_services(client: FlaskClient, results: str) -> None:
    answer = client.get(results, query_string={"format": "csv"})

    assert answer.content_type == "text/csv; charset=utf-8"
    assert read_csv(answer) == [
        HEADER,
        ["r1", "很好", "甲", "5", "0", "succeeded", "positive", "0.9", "0.1", "0.9", ""],
        ["", "'=HYPERLINK(\"http://x\")，差", "", "1", "1", "succeeded", "negative", "0.8", "0.8", "0.2", ""],
        ["", "坏了", "", "", "2", "failed", "", "", "", "",
         "scoring_failed: The model could not score this text (ValueError)."],
    ]  # fmt: skip


def test_ndjson_has_the_objects_of_the_paged_json(client: FlaskClient, results: str) -> None:
    paged = client.get(results).get_json()["data"]

    answer = client.get(results, query_string={"format": "ndjson"})

    assert answer.content_type == "application/x-ndjson; charset=utf-8"
    assert answer.text.endswith("}\n")
    assert [json.loads(line) for line in answer.text.splitlines()] == paged


def test_xlsx_opens_elsewhere_and_runs_nothing(client: FlaskClient, results: str) -> None:
    answer = client.get(results, query_string={"format": "xlsx"})

    workbook = load_workbook(io.BytesIO(answer.get_data()))
    rows = list(workbook["results"].iter_rows(values_only=True))
    assert list(rows[0]) == HEADER
    assert rows[1] == ("r1", "很好", "甲", 5, 0, "succeeded", "positive", 0.9, 0.1, 0.9, None)
    assert rows[2][1] == TEXTS[1]["text"]  # type: ignore[index]
    assert workbook["results"]["B3"].data_type == "s"
    assert len(rows) == 4


def test_parquet_opens_elsewhere(client: FlaskClient, results: str) -> None:
    answer = client.get(results, query_string={"format": "parquet"})

    table = pq.read_table(io.BytesIO(answer.get_data()))
    assert table.column_names == HEADER
    assert table["index"].to_pylist() == [0, 1, 2]
    assert table["stars"].to_pylist() == ["5", "1", None]
    assert table["score_positive"].to_pylist() == [0.9, 0.2, None]


def test_the_accept_header_asks_for_a_format_too(client: FlaskClient, results: str) -> None:
    chosen = client.get(results, headers={"Accept": "text/csv"})
    named = client.get(results, headers={"Accept": "text/csv"}, query_string={"format": "json"})

    assert chosen.mimetype == "text/csv"
    assert named.mimetype == "application/json"


def test_a_byte_order_mark_and_no_header_are_options_of_csv(client: FlaskClient, results: str) -> None:
    marked = client.get(results, query_string={"format": "csv", "bom": "true"}).get_data()
    bare = client.get(results, query_string={"format": "csv", "header": "false"})

    assert marked.startswith(b"\xef\xbb\xbfid,text,")
    assert len(read_csv(bare)) == 3


@pytest.mark.parametrize("option", ["bom=1", "bom=yes", "header=", "format=CSV", "format=pdf", "after=-2", "after=x"])
def test_options_are_not_guessed(client: FlaskClient, results: str, option: str) -> None:
    answer = client.get(f"{results}?{option}")

    assert (answer.status_code, answer.get_json()["code"]) == (422, "validation_error")
    assert answer.get_json()["errors"][0]["parameter"] == option.partition("=")[0]


def test_a_download_goes_on_behind_an_index_with_the_same_columns(client: FlaskClient, results: str) -> None:
    rest = client.get(results, query_string={"format": "csv", "after": 1})
    page = client.get(results, query_string={"after": 1}).get_json()
    nothing = client.get(results, query_string={"format": "ndjson", "after": 2})

    assert [row[4] for row in read_csv(rest)] == ["index", "2"]
    assert read_csv(rest)[0] == HEADER
    assert [result["index"] for result in page["data"]] == [2]
    assert nothing.get_data() == b""


def test_only_some_results_can_be_asked_for(client: FlaskClient, results: str) -> None:
    failed = client.get(results, query_string={"format": "ndjson", "state": "failed"})
    first = client.get(results, query_string={"format": "ndjson", "limit": 2})

    assert read_indexes(failed) == [2]
    assert read_indexes(first) == [0, 1]


def test_results_are_partial_while_the_job_runs(client: FlaskClient, rule_worker: RuleWorker) -> None:
    job = client.post("/v1/jobs", json={"texts": ["好", "差"]}).get_json()
    rule_worker.score_once(max_texts=1)

    rows = read_csv(client.get(job["links"]["results"], query_string={"format": "csv"}))

    assert [row[3] for row in rows] == ["state", "succeeded", "queued"]


def test_more_rows_than_a_page_come_in_order(client: FlaskClient, database: Database) -> None:
    count = 2 * PAGE_ROWS + 1
    job_id = submit(database, [f"第{number}条" for number in range(count)], FakeClock().now())

    answer = client.get(f"/v1/jobs/{job_id}/results", query_string={"format": "ndjson"})
    part = client.get(f"/v1/jobs/{job_id}/results", query_string={"format": "ndjson", "limit": PAGE_ROWS // 2})

    assert read_indexes(answer) == list(range(count))
    assert read_indexes(part) == list(range(PAGE_ROWS // 2))


def test_columns_come_from_the_first_texts_and_no_member_of_metadata_is_lost(client: FlaskClient) -> None:
    late = {"text": "好", "metadata": {"店": "乙", "late": 1}}
    rows: list[Any] = [{"text": "好", "metadata": {"店": "甲"}}] * SAMPLED_ROWS
    job = client.post("/v1/jobs", json={"texts": [*rows, late]}).get_json()

    table = read_csv(client.get(job["links"]["results"], query_string={"format": "csv", "after": SAMPLED_ROWS - 2}))

    assert table[0][:4] == ["id", "text", "店", "metadata"]
    assert [row[2:4] for row in table[1:]] == [["甲", ""], ["乙", '{"late":1}']]


def test_a_page_of_long_texts_ends_early(database: Database) -> None:
    job_id = submit(database, ["字" * 20_000] * 300, FakeClock().now())

    with database.reading() as session:
        rows = texts.list_results_within(
            session, Tenant.LOCAL, job_id, after=9, max_rows=PAGE_ROWS, max_chars=PAGE_CHARS
        )

    assert [row.position for row in rows] == list(range(10, 10 + len(rows)))
    assert len(rows) == texts.FETCHED_ROWS


def test_a_text_that_arrives_meanwhile_is_left_to_the_next_download(client: FlaskClient, database: Database) -> None:
    now = FakeClock().now()
    job_id = submit(database, ["字"] * PAGE_ROWS, now)
    pieces = begin(client, f"/v1/jobs/{job_id}/results?format=ndjson")

    with database.writing() as session:
        late = {"text": "晚", "char_count": 1, "model": "m", "lane": Lane.BULK, "state": TextState.QUEUED}
        session.add(TextRow(job_id=job_id, position=PAGE_ROWS, queued_at=now, **late))

    assert list(pieces) == []


def test_a_file_is_named_after_the_job_or_the_callers_file(client: FlaskClient, results: str) -> None:
    metadata = {"filename": "评论 2026.xlsx"}
    named = client.post("/v1/jobs", json={"texts": ["好"], "metadata": metadata}).get_json()

    plain = client.get(results, query_string={"format": "csv"}).headers["Content-Disposition"]
    after_source = client.get(named["links"]["results"], query_string={"format": "csv"}).headers["Content-Disposition"]

    assert plain.startswith('attachment; filename="sentiq-20')
    assert plain.endswith('.csv"')
    assert after_source.endswith("; filename*=UTF-8''%E8%AF%84%E8%AE%BA%202026-scored.csv")
    assert "Content-Disposition" not in client.get(results).headers


@pytest.mark.parametrize("result_format", ["ndjson", "csv", "parquet"])
def test_a_job_that_is_removed_meanwhile_cuts_the_download(
    client: FlaskClient, database: Database, result_format: str
) -> None:
    job_id = submit(database, ["字" * 200] * 30_000, FakeClock().now())  # several pages, and several row groups
    pieces = begin(client, f"/v1/jobs/{job_id}/results?format={result_format}")

    assert client.delete(f"/v1/jobs/{job_id}").status_code == 204

    with pytest.raises(ConnectionResetError):
        list(pieces)


def test_results_that_are_purged_meanwhile_cut_the_download(core: Core, database: Database) -> None:
    clock = FakeClock()
    client = create_app(replace(core, clock=clock)).test_client()
    job_id = submit(database, ["字"] * (2 * PAGE_ROWS), clock.now(), expires_after=60)
    client.post(f"/v1/jobs/{job_id}/cancel")
    pieces = begin(client, f"/v1/jobs/{job_id}/results?format=ndjson")

    clock.move(61)

    with pytest.raises(ConnectionResetError):
        list(pieces)


def test_a_service_that_stops_cuts_the_download(core: Core, client: FlaskClient, database: Database) -> None:
    job_id = submit(database, ["字"] * (2 * PAGE_ROWS), FakeClock().now())
    pieces = begin(client, f"/v1/jobs/{job_id}/results?format=csv")

    core.room.close()

    with pytest.raises(ConnectionResetError):
        list(pieces)


def begin(client: FlaskClient, address: str) -> Iterator[bytes]:
    """Begin a download and return the rest of it."""
    answer = client.get(address)
    assert answer.status_code == 200
    pieces = iter(answer.response)
    next(pieces)
    return pieces  # type: ignore[return-value]


@pytest.mark.parametrize("result_format", ["ndjson", "csv", "xlsx", "parquet"])
def test_errors_before_the_first_byte_are_problems(client: FlaskClient, result_format: str) -> None:
    answer = client.get(f"/v1/jobs/0190f0c0-1111-7222-8333-444455556666/results?format={result_format}")

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json; charset=utf-8")


def test_downloads_never_take_every_thread_and_give_their_places_back(core: Core, database: Database) -> None:
    room = WaitingRoom(capacity=1)
    client = create_app(replace(core, room=room)).test_client()
    job_id = submit(database, ["好"], FakeClock().now())
    address = f"/v1/jobs/{job_id}/results?format=csv"

    served = [
        client.open(address, method=method, buffered=True).status_code for method in ("GET", "GET", "GET", "HEAD")
    ]
    with room.take_stream_seat(job_id) or pytest.fail("no seat was given back"):
        refused = client.get(address)

    assert served == [200] * 4
    assert (refused.status_code, refused.get_json()["code"]) == (503, "too_many_waiting")
    assert refused.headers["Retry-After"] == "5"
    assert client.get(address).status_code == 200


def test_every_format_is_documented(client: FlaskClient, results: str) -> None:
    operation = client.get("/openapi.json").get_json()["paths"]["/v1/jobs/{job_id}/results"]["get"]
    answers = [
        client.get(results, query_string={"format": name}) for name in ("json", "ndjson", "csv", "xlsx", "parquet")
    ]

    assert {answer.mimetype for answer in answers} == set(operation["responses"]["200"]["content"])
