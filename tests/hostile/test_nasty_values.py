"""Strings that break other services come back as they were sent, or are refused; the next is served."""

from typing import Any

import httpx
import pytest

from tests.hostile.target import JOB_SECONDS, serves_a_job
from tests.service import wait_until

NASTY = (
    "'; DROP TABLE jobs; --", '" OR ""="', "1; SELECT pg_sleep(10)", "%s%s%n%x", "{0.__class__.__mro__}",
    "{{7*7}}",
    "${jndi:ldap://127.0.0.1/a}", "$(touch x)", "`id`", "<script>alert(1)</script>", "]]>",
    "<!ENTITY x SYSTEM 'file:///'>",
    "../../../../etc/passwd", "C:\\Windows\\system.ini", "=cmd|' /C calc'!A0", "@SUM(1+1)", "-1+1",
    "\r\nSet-Cookie: a=b",
    "__proto__", "constructor", "__class__", "null", "NaN", "undefined", "true", "0x7fffffff", "1e309", "-0",
    "\u202egnirts\u202c", "e" + "\u0301" * 500, "\ufeffBOM", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\uffff", "İ", "ß",
    "[SEP][CLS][PAD][MASK][UNK]", "\\u0000", "\x1b[2J", "a\tb\nc\x7f", "ﷺ" * 100, "𝕳𝖊𝖑𝖑𝖔", "\ue000",
)  # fmt: skip
FIELDS = (
    "text",
    "id",
    "metadata key",
    "metadata value",
    "model",
    "webhook.url",
    "webhook.events",
    "neutral_band",
    "a key",
)


def make_body(field: str, value: str) -> dict[str, Any]:
    """Return a submission with the string in one place."""
    item: dict[str, Any] = {"text": "好"}
    match field:
        case "text" | "id":
            item[field] = value
        case "metadata key":
            item["metadata"] = {value[:100]: 1}
        case "metadata value":
            item["metadata"] = {"k": value}
        case "webhook.url":
            return {"texts": [item], "webhook": {"url": value}}
        case "webhook.events":
            return {"texts": [item], "webhook": {"url": "https://127.0.0.1/", "events": [value]}}
        case "a key":
            return {"texts": [item], value: 1}
        case _:
            return {"texts": [item], field: value}
    return {"texts": [item]}


@pytest.mark.parametrize("field", FIELDS)
def test_no_string_in_any_field_breaks_anything(target: str, field: str) -> None:
    with httpx.Client(base_url=target, timeout=JOB_SECONDS) as client:
        answers = [client.post("/v1/jobs", json=make_body(field, value)) for value in NASTY]

    assert {answer.status_code for answer in answers} <= {202, 422}
    assert serves_a_job(target)


def test_texts_names_and_metadata_come_back_as_they_were_sent(target: str) -> None:
    sent = [{"text": f"好{value}", "id": value[:200], "metadata": {value[:100]: value}} for value in NASTY]
    with httpx.Client(base_url=target, timeout=JOB_SECONDS) as client:
        links = client.post("/v1/jobs", json={"texts": sent}).json()["links"]
        wait_until(lambda: client.get(links["self"]).json()["state"] == "completed", JOB_SECONDS, "the job's end")
        results = client.get(links["results"]).json()["data"]

    assert [{name: result[name] for name in ("text", "id", "metadata")} for result in results] == sent


@pytest.mark.parametrize(
    "job_id",
    [
        "0",
        "-1",
        "null",
        "' OR 1=1 --",
        "%27",
        "a" * 2_000,
        "００００",
        "{7*7}",
        "*",
        "0" * 32,
        "%0d%0aX: y",
        "٠" * 32,
    ],
)
@pytest.mark.parametrize("suffix", ["", "/results", "/deliveries", "/cancel"])
def test_an_id_that_is_none_is_not_found(target: str, job_id: str, suffix: str) -> None:
    method = "POST" if suffix == "/cancel" else "GET"

    answer = httpx.request(method, f"{target}/v1/jobs/{job_id}{suffix}", timeout=JOB_SECONDS)

    assert answer.status_code in (404, 405), answer.text


def test_no_changed_cursor_leads_anywhere_else_than_a_page_or_a_refusal(target: str) -> None:
    with httpx.Client(base_url=target, timeout=JOB_SECONDS) as client:
        for _ in range(2):
            client.post("/v1/jobs", json={"texts": ["好"]})
        cursor = client.get("/v1/jobs", params={"limit": 1}).json()["next_cursor"]
        changed = [cursor[:place] + letter + cursor[place + 1 :] for place in range(len(cursor)) for letter in "A_z"]
        statuses = {
            client.get("/v1/jobs", params={"cursor": one}).status_code for one in (*changed, cursor * 2, cursor[1:])
        }

    assert statuses <= {200, 422}


HEADERS = {
    "Prefer": [
        "wait=-1",
        "wait=1e9",
        "wait=99999999999",
        "wait=",
        "wait=0.5;;;",
        ",,,,",
        "=" * 4_000,
        'wait="',
        "WAIT=x",
    ],
    "Accept": ["application/xml", "*/*;q=2", ";;;", ",", "text/csv; charset=\x80", "a" * 4_000],
    "Accept-Encoding": ["br;q=nonsense", "identity;q=0, *;q=0"],
    "If-None-Match": ["*", "W/", '"', "," * 4_000, '"a", W/"b'],
    "If-Modified-Since": ["yesterday", "Thu, 01 Jan 99999 00:00:00 GMT"],
    "Range": ["bytes=0-0", "bytes=-1", "bytes=9-1, 0-", "lines=1"],
    "X-Request-Id": ["a b", "{7*7}", "x" * 4_000, "<script>", "\xff"],
    "Host": ["evil.example", "evil.example:99999", "a b", "[::1", "..", "127.0.0.1@evil.example"],
    "X-Forwarded-Host": ["evil.example"],
    "X-HTTP-Method-Override": ["DELETE"],
    "Authorization": ["Bearer", "Basic ====", "Bearer \xff", "Digest " + "a" * 4_000],
    "Content-Type": ["application/json; charset=utf-7", "application/json; charset=nonsense", "a/b/c", "\xff"],
    "Content-Encoding": ["gzip", "zip-bomb", "identity, gzip"],
    "Cookie": ["a=" + "b" * 4_000],
}


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_breaks_anything_or_is_repeated(target: str, name: str) -> None:
    with httpx.Client(base_url=target, timeout=JOB_SECONDS) as client:
        for value in HEADERS[name]:
            raw = [(name.encode(), value.encode("latin-1"))]
            posted = client.post("/v1/jobs", content='{"texts": ["好"]}'.encode(), headers=with_json(raw))
            listed = client.get("/v1/jobs", headers=raw)

            for answer in (posted, listed):
                assert answer.status_code in (200, 202, 400, 401, 415), f"{value!r}: {answer.status_code}"
                assert "evil.example" not in str(answer.headers) + answer.text
                assert answer.headers["X-Request-Id"] != value
    assert serves_a_job(target)


def with_json(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers with a content type, unless they have one."""
    if headers[0][0] == b"Content-Type":
        return headers
    return [*headers, (b"Content-Type", b"application/json")]


@pytest.mark.parametrize(
    "origin",
    ["https://shop.example.evil.example", "https://evilshop.example", "http://shop.example", "null", "https://shop.example:8443",
     "https://shop-example", "file://", "https://shop.example/", "*"],
)  # fmt: skip
def test_no_other_origin_is_let_in(target: str, origin: str) -> None:
    answer = httpx.get(f"{target}/v1/jobs", headers={"Origin": origin}, timeout=JOB_SECONDS)

    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_origin_that_is_set_is_let_in(target: str) -> None:
    answer = httpx.get(f"{target}/v1/jobs", headers={"Origin": "https://shop.example"}, timeout=JOB_SECONDS)

    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
