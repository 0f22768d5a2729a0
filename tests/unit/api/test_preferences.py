"""How long a caller is willing to wait, as RFC 7240 writes it."""

import pytest

from api.preferences import parse_wait_seconds


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("", 0),
        ("wait=10", 10),
        ("Wait = 10", 10),
        ('wait="10"', 10),
        ("respond-async, wait=10", 10),
        ("wait=10; reason=none", 10),
        ("wait=10, wait=20", 10),
        ("wait=0", 0),
        ("wait=999999", 60),
        ("wait=-1", 0),
        ("wait=soon", 0),
        ("wait", 0),
        ("wait=1.5", 0),
        ("wait=٣", 0),
        ("wait=" + "9" * 5_000, 0),
        ("await=10", 0),
    ],
)
def test_the_wait_is_read_and_what_is_not_understood_is_ignored(prefer: str, seconds: int) -> None:
    assert parse_wait_seconds(prefer, max_seconds=60) == seconds
