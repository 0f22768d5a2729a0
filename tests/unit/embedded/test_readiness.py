"""Waiting for the service and trying one text, against a tiny server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from embedded.announcement import announce
from embedded.errors import LaunchError
from embedded.readiness import Address, Skipped, find_address, score_sample, wait_until_ready
from embedded.state_folder import StateFolder
from shared.settings import Settings
from tests.servers import find_free_port

ANSWER = {"text": "很好", "sentiment": "Positive", "confidence": 0.98, "emoji": "😊"}


class TinyAPI(HTTPServer):
    """Gives the answers it is told, in order; the last one for ever."""

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), AnswerInOrder)
        self.answers = list(answers)
        self.bodies: list[bytes] = []

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.server_port)


class AnswerInOrder(BaseHTTPRequestHandler):
    server: TinyAPI

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        answers = self.server.answers
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def tiny_apis() -> Iterator[list[TinyAPI]]:
    started: list[TinyAPI] = []
    yield started
    for api in started:
        api.shutdown()
        api.server_close()


def serve(started: list[TinyAPI], *answers: tuple[int, bytes]) -> TinyAPI:
    api = TinyAPI(*answers)
    started.append(api)
    threading.Thread(target=api.serve_forever, args=(0.02,), daemon=True).start()
    return api


def ignore(_seconds: float) -> None:
    """Nothing happens to the programs."""


def test_waiting_ends_with_the_first_ready_answer(tiny_apis: list[TinyAPI]) -> None:
    api = serve(tiny_apis, (503, b'{"status": "not_ready"}'), (503, b"not even JSON"), (200, b"{}"))
    looks: list[float] = []

    wait_until_ready(api.address, looks.append)

    assert len(looks) == 2


def test_waiting_ends_when_a_program_cannot_be_kept_running() -> None:
    def give_up(_seconds: float) -> None:
        raise LaunchError("the worker keeps ending")

    with pytest.raises(LaunchError, match="keeps ending"):
        wait_until_ready(Address("127.0.0.1", find_free_port()), give_up)


def test_one_text_is_sent_as_a_client_would(tiny_apis: list[TinyAPI]) -> None:
    api = serve(tiny_apis, (200, json.dumps(ANSWER).encode()))

    answer = score_sample(api.address, Settings(), ignore)

    assert answer == ANSWER
    assert set(json.loads(api.bodies[0])) == {"text"}


def test_a_check_that_comes_too_soon_is_tried_again(tiny_apis: list[TinyAPI]) -> None:
    api = serve(tiny_apis, (503, b"{}"), (504, b"{}"), (200, json.dumps(ANSWER).encode()))

    answer = score_sample(api.address, Settings(), ignore)

    assert answer == ANSWER


def test_a_full_queue_does_not_keep_the_service_from_starting(tiny_apis: list[TinyAPI]) -> None:
    api = serve(tiny_apis, (429, b'{"code": "queue_full"}'))

    assert score_sample(api.address, Settings(), ignore) is Skipped.QUEUE_FULL


def test_a_service_with_keys_starts_without_telling_the_launcher_one(tiny_apis: list[TinyAPI]) -> None:
    api = serve(tiny_apis, (401, b'{"code": "key_missing"}'))

    assert score_sample(api.address, Settings(), ignore) is Skipped.KEY_NEEDED


def test_a_failed_self_check_shows_the_answer(tiny_apis: list[TinyAPI]) -> None:
    api = serve(tiny_apis, (500, b'{"code": "scoring_failed"}'))

    with pytest.raises(LaunchError, match=r"HTTP 500.*scoring_failed"):
        score_sample(api.address, Settings(), ignore)


def test_a_silent_api_fails_the_self_check() -> None:
    with pytest.raises(LaunchError, match="did not answer"):
        score_sample(Address("127.0.0.1", find_free_port()), Settings(), ignore)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:7860"),
        ("0.0.0.0", "http://127.0.0.1:7860"),
        ("::", "http://[::1]:7860"),
        ("10.1.2.3", "http://10.1.2.3:7860"),
    ],
)
def test_the_printed_address_can_be_opened_on_this_machine(host: str, url: str) -> None:
    assert find_address(Settings(host=host)).url == url


def test_the_announcement_names_address_answer_and_logs(state: StateFolder, capsys: pytest.CaptureFixture[str]) -> None:
    announce(Address("127.0.0.1", 7860), ANSWER, state, 2.34)

    shown = capsys.readouterr().out
    for part in ("2.3", "http://127.0.0.1:7860/docs", "「很好」 → 😊 Positive 0.98", str(state.logs), "Ctrl-C"):
        assert part in shown


def test_a_skipped_check_is_announced_as_such(state: StateFolder, capsys: pytest.CaptureFixture[str]) -> None:
    announce(Address("127.0.0.1", 7860), Skipped.QUEUE_FULL, state, 2.34)

    shown = capsys.readouterr().out
    assert "skipped, the queue is full" in shown
    assert "Authorization" not in shown


def test_a_service_with_keys_is_announced_with_commands_that_send_one(
    state: StateFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    announce(Address("127.0.0.1", 7860), Skipped.KEY_NEEDED, state, 2.34)

    shown = capsys.readouterr().out
    assert "asks for a key" in shown
    assert shown.count('-H "Authorization: Bearer $SENTIQ_KEY"') == 2
