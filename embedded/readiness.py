"""Waits until the service can serve, then sends it one real text, the way a client does."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from embedded.console import say_step
from embedded.errors import LaunchError
from shared.settings import Settings

POLL_SECONDS = 0.05
# A large model on a slow disk takes a while; a service that is not ready after this long never will be.
READY_SECONDS = 300
NEWS_SECONDS = 10
REQUEST_SECONDS = 5
# A worker that was killed lately counts as alive for a while, so the first answers may come before there is one.
SAMPLE_SECONDS = 60
PASSING = (http.client.SERVICE_UNAVAILABLE, http.client.GATEWAY_TIMEOUT)
SAMPLE = "这家店的服务态度真好，菜也好吃，下次还会再来！"
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared with, not bound to


class Skipped(StrEnum):
    """Why the text was not scored, though nothing is wrong; as it is told."""

    QUEUE_FULL = "队列已满，跳过 / skipped, the queue is full"
    KEY_NEEDED = "需要密钥，跳过 / skipped, since the service asks for a key"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the API is reached from this machine."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Return it as a browser takes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def request(self, method: str, path: str, body: object = None, seconds: float = REQUEST_SECONDS) -> tuple[int, Any]:
        """Return the status and the JSON of one answer.

        Raises:
            OSError: nobody answers.
        """
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (http.client.HTTPException, ValueError) as err:
            raise OSError(f"no proper answer: {err}") from err
        finally:
            connection.close()


def find_address(settings: Settings) -> Address:
    """Return the address to talk to, which is a loopback one if the API listens everywhere."""
    return Address(EVERYWHERE.get(settings.host, settings.host), settings.port)


def wait_until_ready(address: Address, follow: Callable[[float], None]) -> None:
    """Wait until the API says that texts can be scored; `follow(seconds)` passes the time between two looks.

    Raises:
        LaunchError: it does not become ready, or `follow` says why it cannot.
    """
    started = time.monotonic()
    next_news = started + NEWS_SECONDS
    while (reason := _find_obstacle(address)) is not None:
        now = time.monotonic()
        if now - started > READY_SECONDS:
            raise LaunchError(
                f"服务在 {READY_SECONDS} 秒内没有就绪（{reason}），请查看日志 / "
                f"The service did not get ready within {READY_SECONDS} s ({reason}); see the logs."
            )
        if now > next_news:
            next_news = now + NEWS_SECONDS
            say_step(f"还在等待（{now - started:.0f} 秒）：{reason}", "still waiting")
        follow(POLL_SECONDS)


def _find_obstacle(address: Address) -> str | None:
    """Return why the service is not ready, or None once it is."""
    try:
        status, answer = address.request("GET", "/health/ready")
    except OSError:
        return "API 尚未应答 / the API does not answer yet"
    return None if status == http.client.OK else json.dumps(answer, ensure_ascii=False)


def score_sample(address: Address, settings: Settings, follow: Callable[[float], None]) -> Mapping[str, Any] | Skipped:
    """Send one text through the whole path; return the answer, or why there is none.

    Raises:
        LaunchError: it was not scored, or `follow` says why it cannot be.
    """
    give_up_at = time.monotonic() + SAMPLE_SECONDS
    while True:
        status, answer = _post_sample(address, settings)
        if status == http.client.OK:
            return dict(answer)
        if status == http.client.TOO_MANY_REQUESTS:
            return Skipped.QUEUE_FULL  # a backlog is no reason not to start: only running shortens it
        if status == http.client.UNAUTHORIZED:
            return Skipped.KEY_NEEDED  # the launcher has none; its workers are ready all the same
        if status not in PASSING or time.monotonic() > give_up_at:
            content = json.dumps(answer, ensure_ascii=False)
            raise LaunchError(f"自检失败（HTTP {status}） / The self-check failed (HTTP {status}): {content}")
        follow(POLL_SECONDS)


def _post_sample(address: Address, settings: Settings) -> tuple[int, Any]:
    seconds = settings.sentiment_wait_seconds + REQUEST_SECONDS
    try:
        return address.request("POST", "/api/sentiment", {"text": SAMPLE}, seconds)
    except OSError as err:
        raise LaunchError(f"自检失败：API 没有应答 / The self-check failed: the API did not answer ({err}).") from err
