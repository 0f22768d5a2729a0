"""The table that all benches write."""

from bench.report import Row, format_table


def test_a_row_says_whether_its_bar_is_met() -> None:
    rows = [Row("speed", "31", "≥ 30", True), Row("size", "13", "≤ 12", False), Row("rate", "7")]

    table = format_table(rows)

    assert table[2:] == ["| speed | 31 | ≥ 30 | yes |", "| size | 13 | ≤ 12 | **no** |", "| rate | 7 |  |  |"]
