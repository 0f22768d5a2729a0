"""Reads server-sent events as a browser does."""

import json
from collections.abc import Iterable
from typing import Any

Event = tuple[str, dict[str, Any]]


def parse_events(stream: bytes) -> list[Event]:
    """Return the events with their data; comments and what is no event are left out."""
    blocks = (dict(_parse_line(line) for line in block.splitlines()) for block in stream.decode().split("\n\n"))
    return [(block["event"], json.loads(block["data"])) for block in blocks if "event" in block]


def list_names(events: Iterable[Event]) -> list[str]:
    """Return the names of the events."""
    return [name for name, _ in events]


def _parse_line(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")
