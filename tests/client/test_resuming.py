"""What is left unfinished is remembered, and gone on with under its key."""

from pathlib import Path

import httpx
import pytest
import typer

from sentiq import APIError, Client, RequestRefused, ServiceUnavailable
from sentiq.cli.following import ProgressView
from sentiq.cli.submissions import Submissions
from sentiq.cli.submit import Sending
from tests.client.conftest import ADDRESS, QUICK
from tests.client.fake_service import FakeService, problem


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """Return a file of one text."""
    path = tmp_path / "reviews.csv"
    path.write_text("text\nok\n")
    return path


def make_sending(client: Client, file: Path) -> Sending:
    return Sending(client, Submissions.of(file, ADDRESS, {}), ProgressView(), file, {})


def list_keys(fake: FakeService) -> list[str]:
    return [sent.headers["idempotency-key"] for sent in fake.sent if sent.method == "POST"]


def test_an_upload_that_is_interrupted_goes_on_under_its_key(
    fake: FakeService, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        raise KeyboardInterrupt

    keys: list[str] = []
    with Client(ADDRESS, transport=httpx.MockTransport(interrupt)) as client, pytest.raises(typer.Exit) as ended:
        make_sending(client, reviews).send(resume=False)
    with Client(ADDRESS, transport=fake.transport) as client:
        job = make_sending(client, reviews).send(resume=True)

    assert ended.value.exit_code == 130
    assert "--resume" in capsys.readouterr().err
    assert list_keys(fake) == keys
    assert job.counts.total == 1


def test_an_upload_that_is_given_up_can_be_resumed(fake: FakeService, client: Client, reviews: Path) -> None:
    fake.replies.extend([problem(503, "database_unavailable", "Away.")] * QUICK.attempts)
    with pytest.raises(ServiceUnavailable):
        make_sending(client, reviews).send(resume=False)

    make_sending(client, reviews).send(resume=True)

    assert len(set(list_keys(fake))) == 1


def test_without_resume_it_begins_anew_and_says_what_was_left(
    fake: FakeService, client: Client, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = make_sending(client, reviews).send(resume=False)
    second = make_sending(client, reviews).send(resume=False)

    assert first.id != second.id
    assert "--resume goes on with it" in capsys.readouterr().err
    assert make_sending(client, reviews).send(resume=True).id == second.id


def test_what_was_refused_is_not_remembered(fake: FakeService, client: Client, reviews: Path) -> None:
    fake.replies.append(problem(422, "column_unknown", "There is no such column."))
    with pytest.raises(RequestRefused):
        make_sending(client, reviews).send(resume=False)

    assert Submissions.of(reviews, ADDRESS, {}).find() is None


def test_an_upload_that_always_breaks_off_can_be_resumed(fake: FakeService, client: Client, reviews: Path) -> None:
    fake.replies.extend([problem(400, "upload_interrupted", "Send it again.")] * QUICK.attempts)
    with pytest.raises(RequestRefused):
        make_sending(client, reviews).send(resume=False)

    make_sending(client, reviews).send(resume=True)

    assert len(set(list_keys(fake))) == 1


@pytest.mark.parametrize(("status", "code"), [(409, "job_already_finished"), (429, "quota_exceeded")])
def test_an_upload_that_can_never_go_on_is_not_remembered(
    fake: FakeService, client: Client, reviews: Path, capsys: pytest.CaptureFixture[str], status: int, code: str
) -> None:
    fake.replies.append(problem(status, code, "Over."))
    with pytest.raises(APIError):
        make_sending(client, reviews).send(resume=False)

    assert "--resume" not in capsys.readouterr().err
    assert make_sending(client, reviews).send(resume=True).counts.total == 1
    assert len(set(list_keys(fake))) == 2


def test_where_nothing_can_be_remembered_the_file_is_sent_all_the_same(
    client: Client, reviews: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")

    assert make_sending(client, reviews).send(resume=True).counts.total == 1

    assert "--resume will not find" in capsys.readouterr().err


def test_a_key_that_belongs_to_something_else_by_now_is_replaced(
    fake: FakeService, client: Client, reviews: Path
) -> None:
    fake.replies.extend([problem(503, "database_unavailable", "Away.")] * QUICK.attempts)
    with pytest.raises(ServiceUnavailable):
        make_sending(client, reviews).send(resume=False)
    fake.replies.append(problem(422, "idempotency_key_reused", "Another."))

    make_sending(client, reviews).send(resume=True)

    assert len(set(list_keys(fake))) == 2


def test_options_service_and_content_tell_submissions_apart(reviews: Path) -> None:
    places = {
        Submissions.of(reviews, ADDRESS, {})._path,
        Submissions.of(reviews, "http://other.test", {})._path,
        Submissions.of(reviews, ADDRESS, {"model": "m"})._path,
    }
    reviews.write_text("text\nchanged\n")
    places.add(Submissions.of(reviews, ADDRESS, {})._path)

    assert len(places) == 4


def test_a_memory_that_was_cut_off_is_none(client: Client, reviews: Path) -> None:
    make_sending(client, reviews).send(resume=False)
    memory = Submissions.of(reviews, ADDRESS, {})
    memory._path.write_text('{"key": "a')

    assert memory.find() is None
    memory.forget()
    memory.forget()
