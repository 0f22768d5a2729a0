"""A service that is played in memory, as far as docs/http-api.md goes; it can be asked to fail, and to break off.

`FakeService.transport` serves it to httpx without a socket, `serve` on a loopback port, where connections really break.
"""

import csv
import io
import json
import uuid
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from sentiq.uploads import CONTENT_TYPES

CREATED = "2026-01-31T08:00:00Z"
PAGE = 3  # small, so that few texts take several pages


@dataclass(frozen=True, slots=True)
class Sent:
    """A request, as it came."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; with `cut_after` its connection ends after so many bytes of the body."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut_after: int | None = None


@dataclass(slots=True)
class FakeJob:
    """A job, of which `speed` texts are scored each time that somebody looks at it."""

    id: str
    texts: list[dict[str, Any]]
    options: dict[str, Any]
    done: int = 0
    is_cancelled: bool = False


@dataclass(slots=True)
class FakeService:
    """Remembers jobs and requests; `replies` are given first, in turn, None for the usual answer."""

    speaks_formats: bool = True
    speed: int = 1_000_000
    cancels: bool = False  # every job at once
    refusal: Reply | None = None  # for who asks for results as a file
    replies: deque[Reply | None] = field(default_factory=deque)
    cuts: deque[int] = field(default_factory=deque)  # results break off after so many bytes, in turn
    sent: list[Sent] = field(default_factory=list)
    jobs: dict[str, FakeJob] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def transport(self) -> httpx.MockTransport:
        """Serve httpx without a socket."""
        return httpx.MockTransport(self._handle)

    def answer(self, sent: Sent) -> Reply:
        """Return the answer to one request."""
        self.sent.append(sent)
        planned = self.replies.popleft() if self.replies else None
        if planned is not None:
            return planned
        parts = sent.path.strip("/").split("/")
        if sent.path == "/v1/jobs":
            return self._create(sent) if sent.method == "POST" else self._list(sent)
        job = self.jobs.get(parts[2]) if len(parts) > 2 else None
        if job is None:
            return problem(404, "job_not_found", "There is no job with this id.")
        match (sent.method, parts[3:]):
            case ("GET", []):
                return self._show(job, sent)
            case ("GET", ["results"]):
                return self._results(job, sent)
            case ("POST", ["cancel"]):
                job.is_cancelled = True
                return as_json(self.present(job))
        del self.jobs[job.id]
        return Reply(204)

    def present(self, job: FakeJob) -> dict[str, Any]:
        """Return the job as the service shows it."""
        failed = sum(text["text"] == "坏了" for text in job.texts[: job.done])
        total = len(job.texts)
        state = "completed" if job.done == total else "cancelled" if job.is_cancelled else "running"
        left = 0 if job.is_cancelled else total - job.done
        return {
            "id": job.id, "state": state, "model": "structbert-small-zh", "created_at": CREATED, "receiving": False,
            "counts": {
                "total": total, "queued": left, "running": 0, "succeeded": job.done - failed, "failed": failed,
                "cancelled": total - job.done - left,
            },
            "texts_per_second": 12.5, "eta_seconds": float(left), "a_member_of_tomorrow": 1,
        }  # fmt: skip

    def _create(self, sent: Sent) -> Reply:
        key = sent.headers.get("idempotency-key", str(uuid.uuid4()))
        if key not in self.keys:
            kind = sent.headers["content-type"].partition(";")[0]
            if kind != "application/json" and not self.speaks_formats:
                return problem(415, "content_type_unsupported", "Send JSON.")
            texts, options = read_texts(kind, sent)
            job = FakeJob(str(uuid.uuid4()), texts, options, is_cancelled=self.cancels)
            self.jobs[job.id], self.keys[key] = job, job.id
        job = self.jobs[self.keys[key]]
        if "prefer" not in sent.headers:
            return as_json(self.present(job), 202)
        job.done = len(job.texts)
        page = [present_result(job, index) for index in range(len(job.texts))]
        return as_json(self.present(job) | {"results": page, "next_cursor": None})

    def _list(self, sent: Sent) -> Reply:
        found = [self.present(job) for job in reversed(self.jobs.values())]
        begin = int(sent.params.get("cursor", "0"))
        cursor = str(begin + PAGE) if begin + PAGE < len(found) else None
        return as_json({"data": found[begin : begin + PAGE], "next_cursor": cursor})

    def _show(self, job: FakeJob, sent: Sent) -> Reply:
        if not job.is_cancelled:
            job.done = min(job.done + self.speed, len(job.texts))
        etag = f'W/"{job.done}"'
        if sent.headers.get("if-none-match") == etag:
            return Reply(304, {"ETag": etag})
        return as_json(self.present(job), headers={"ETag": etag})

    def _results(self, job: FakeJob, sent: Sent) -> Reply:
        if self.refusal is not None and "format" in sent.params:
            return self.refusal
        wanted = sent.params.get("format") or ("ndjson" if "ndjson" in sent.headers.get("accept", "") else None)
        if not self.speaks_formats:
            for name in ("format", "after"):
                if name in sent.params:
                    return problem(422, "validation_error", "Not valid.", errors=[
                        {"code": "extra_forbidden", "detail": "Unknown.", "parameter": name}
                    ])  # fmt: skip
            wanted = None
        rows = [present_result(job, index) for index in range(len(job.texts))]
        rows = [row for row in rows if sent.params.get("state") in (None, row["state"])]
        if wanted is None:
            begin = int(sent.params.get("cursor", "0"))
            cursor = str(begin + PAGE) if begin + PAGE < len(rows) else None
            return as_json({"data": rows[begin : begin + PAGE], "next_cursor": cursor})
        rows = rows[int(sent.params.get("after", "-1")) + 1 :]
        body, kind = write_rows(rows, wanted, bom=sent.params.get("bom") == "true")
        return Reply(200, {"Content-Type": kind}, body, self.cuts.popleft() if self.cuts else None)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = self.answer(Sent(request.method, request.url.path, dict(request.url.params), headers, request.content))
        if reply.cut_after is None:
            return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body)
        stream = CutStream(reply.body[: reply.cut_after])
        return httpx.Response(reply.status, headers=dict(reply.headers), stream=stream)


class CutStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body whose connection breaks."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content
        raise httpx.ReadError("cut off")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content
        raise httpx.ReadError("cut off")


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return an answer of JSON."""
    content = json.dumps(value, ensure_ascii=False).encode()
    return Reply(status, {"Content-Type": "application/json; charset=utf-8"} | dict(headers or {}), content)


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **members: Any) -> Reply:
    """Return an error as the service writes it."""
    body = {"type": f"urn:sentiq:problem:{code}", "title": code, "status": status, "code": code, "detail": detail}
    return as_json(body | {"instance": "/", "request_id": "r1"} | members, status, headers)


def read_texts(kind: str, sent: Sent) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the texts and options of a submission."""
    if kind == "application/json":
        body = json.loads(sent.body)
        return [read_item(item) for item in body.pop("texts")], body
    if kind == "application/x-ndjson":
        return [read_item(json.loads(line)) for line in sent.body.splitlines()], dict(sent.params)
    rows = list(csv.DictReader(io.StringIO(sent.body.decode("utf-8-sig"))))
    column = sent.params.get("text_column", "text")
    return [
        {"text": row.pop(column), "id": row.pop("id", None), "metadata": row or None} for row in rows
    ], dict(sent.params)  # fmt: skip


def read_item(item: Any) -> dict[str, Any]:
    """Return a text as an object."""
    return (
        {"text": item, "id": None, "metadata": None} if isinstance(item, str) else {"id": None, "metadata": None} | item
    )


def present_result(job: FakeJob, index: int) -> dict[str, Any]:
    """Return the result of one text: 好 is positive, 坏了 fails, all else is negative."""
    text = job.texts[index]
    shown = {"index": index, **text, "state": "queued", "label": None, "score": None, "scores": None, "error": None}
    if index >= job.done:
        return shown
    if text["text"] == "坏了":
        error = {"code": "scoring_failed", "detail": "The model could not score this text."}
        return shown | {"state": "failed", "error": error}
    positive = 0.9 if "好" in text["text"] else 0.2
    label = "positive" if positive > 0.5 else "negative"
    scores = {"negative": round(1 - positive, 6), "positive": positive}
    return shown | {"state": "succeeded", "label": label, "score": max(scores.values()), "scores": scores, "tokens": 2}


def write_rows(rows: list[dict[str, Any]], kind: str, *, bom: bool) -> tuple[bytes, str]:
    """Return results in a format, and its content type."""
    if kind == "ndjson":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode(), "application/x-ndjson"
    if kind != "csv":
        end = b"PK\x05\x06" + bytes(18) if kind == "xlsx" else b"PAR1"
        return b"PK" + json.dumps(rows).encode() + end, CONTENT_TYPES[f".{kind}"]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "text", "index", "index", "state", "label", "score"])
    for row in rows:
        own = (row["metadata"] or {}).get("index", "")
        writer.writerow([row["id"], row["text"], own, row["index"], row["state"], row["label"], row["score"]])
    return (b"\xef\xbb\xbf" if bom else b"") + text.getvalue().encode(), "text/csv; charset=utf-8"
