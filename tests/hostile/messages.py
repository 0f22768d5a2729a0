"""Messages that nobody should send, as bytes on a queue of the broker; each a function of where a marker would be made.

The envelope is kombu's for Redis: JSON with the body in base64, its type, and properties.
"""

import base64
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgpack  # type: ignore[import-untyped]

from shared.task_names import TaskName

JSON, PICKLE = "application/json", "application/x-python-serialize"
FIVE_MEGABYTES = 5_000_000


class Exploit:
    """Makes a file at `marker` when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (open, (str(self.marker), "w"))


def wrap(body: bytes, content_type: str = JSON, task: object = TaskName.SCORE, **properties: Any) -> bytes:
    """Return the body in an envelope with the headers of a task."""
    task_id = str(uuid4())
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "utf-8" if content_type == JSON else "binary",
            "content-type": content_type,
            "headers": {"lang": "py", "task": task, "id": task_id, "root_id": task_id, "argsrepr": "", "retries": 0},
            "properties": {
                "correlation_id": task_id,
                "delivery_mode": 2,
                "delivery_info": {"exchange": "", "routing_key": "any"},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(uuid4()),
            }
            | properties,
        }
    ).encode()


def call(*arguments: Any, task: object = TaskName.SCORE, **named: Any) -> bytes:
    """Return a well-formed message that calls a task."""
    return wrap(json.dumps([arguments, named, {}]).encode(), task=task)


def make_code_messages(marker: Path) -> dict[str, bytes]:
    """Return messages that would make the marker if they were run."""
    shell = f"touch {marker}"
    yaml = f"!!python/object/apply:os.system ['{shell}']".encode()
    exploit = pickle.dumps([[Exploit(marker)], {}, {}])
    return {
        "pickle": wrap(exploit, PICKLE),
        "pickle, short for it": wrap(exploit, "pickle"),
        "pickle that claims to be JSON": wrap(exploit, JSON),
        "yaml": wrap(yaml, "application/x-yaml"),
        "msgpack": wrap(msgpack.packb([["m"], {}, {}]), "application/x-msgpack"),
        "a task of Python's own": call(shell, task="os.system"),
        "a task of Celery's own": call([shell], task="celery.map"),
    }


def make_broken_messages() -> dict[str, bytes]:
    """Return messages that make no sense."""
    return {
        "an unknown type": wrap(b"[[], {}, {}]", "application/x-nobody-knows"),
        "no type": wrap(b"[[], {}, {}]", ""),
        "plain text": wrap(b"hello", "text/plain"),
        "JSON that is no message": wrap(b'"hello"'),
        "JSON that is cut off": wrap(b'[["m"'),
        "JSON with half a surrogate pair": wrap(rb'[["\ud83d"], {}, {}]'),
        "nested 100,000 deep": wrap(b"[" * 100_000),
        "an unknown task": call("m", task="sentiq.nothing"),
        "a task that is a number": call("m", task=5),
        "no argument": call(),
        "too many arguments": call("m", "m", "m"),
        "a named argument": call(shell="m"),
        "an argument of another type": call({"a": [1, None]}),
        "an argument of 5 MB": call("m" * FIVE_MEGABYTES),
        "an id that is none": call("'; DROP TABLE jobs; --", task=TaskName.DELIVER),
        "another body encoding": wrap(b"[[], {}, {}]", body_encoding="rot13"),
    }


def make_raw_messages() -> dict[str, bytes]:
    """Return what is not even an envelope."""
    return {
        "nothing": b"",
        "bytes": bytes(range(256)),
        "a word": b"hello",
        "a list": b"[]",
        "an empty envelope": b"{}",
        "an envelope without properties": b'{"body": "e30=", "headers": {}, "content-type": "application/json"}',
        "a body that is no base64": wrap(b"").replace(b'"body": ""', b'"body": "*"'),
        "a pickle": pickle.dumps([1]),
    }
