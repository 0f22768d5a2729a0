"""Columns are straight, also with Chinese in them."""

from datetime import datetime, timedelta, timezone

from admin.presentation import format_columns, format_time


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert format_columns(
        ("ID", "NAME", "STATE"), [("1", "商店", "active"), ("22", "web", "revoked")]
    ).splitlines() == [
        "ID  NAME  STATE",
        "1   商店  active",
        "22  web   revoked",
    ]


def test_times_are_shown_in_utc_to_the_second() -> None:
    shanghai = datetime(2026, 1, 2, 8, 0, 0, 999, tzinfo=timezone(timedelta(hours=8)))

    assert format_time(shanghai) == "2026-01-02T00:00:00Z"
    assert format_time(None) is None
