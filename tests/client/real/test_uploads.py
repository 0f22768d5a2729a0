"""Files go up and results come down in every format, from Python and by the command."""

import csv
import gzip
from pathlib import Path

import pytest

from sentiq import Client, RequestRefused
from tests.client.real.test_jobs import run_command


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """Return a table of Chinese reviews, one of them empty."""
    path = tmp_path / "reviews.csv"
    rows = [
        ["编号", "评论", "店"],
        ["1", "物流很快，包装也好。", "东"],
        ["2", "用了两天就坏了。", "西"],
        ["3", "", "东"],
    ]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_a_table_goes_in_and_a_table_comes_out(address: str, reviews: Path) -> None:
    out = reviews.with_name("scored.csv")

    code, (job,) = run_command(
        address, "submit", str(reviews), "--text-column", "评论", "--id-column", "编号", "--out", str(out), "--json"
    )

    assert (code, job["state"], job["counts"]["failed"]) == (0, "completed", 1)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["店"], row["label"]) for row in rows] == [
        ("1", "东", "positive"), ("2", "西", "negative"), ("3", "东", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", ["ndjson", "csv", "xlsx", "parquet"])
def test_every_format_can_be_downloaded(client: Client, tmp_path: Path, suffix: str) -> None:
    job = client.submit(["很好", "太差了"]).wait()

    assert job.download(tmp_path / f"scored.{suffix}").stat().st_size > 50


def test_many_texts_are_streamed_and_their_results_too(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "many.ndjson.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f'"第{number}条，很好"\n' for number in range(3_000))

    job = client.submit(path).wait()

    assert [result.index for result in job.results()] == list(range(3_000))
    assert [result.index for result in job.results(after=2_996)] == [2_997, 2_998, 2_999]


def test_an_iterator_of_texts_is_streamed(client: Client) -> None:
    assert client.submit(f"第{number}条" for number in range(1_500)).wait().counts.succeeded == 1_500


def test_a_wrong_column_is_refused_with_those_there_are(client: Client, reviews: Path) -> None:
    with pytest.raises(RequestRefused, match="评论") as caught:
        client.submit(reviews, text_column="正文")

    assert caught.value.code == "column_unknown"
