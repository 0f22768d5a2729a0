"""Translates between steps and httpx, for both drivers alike."""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import httpx

from sentiq.environment import read_api_key, read_url
from sentiq.errors import AnswerTimedOut, ConnectionFailed, InputUnusable
from sentiq.retrying import RetryPolicy
from sentiq.steps import Answer, Request

H = TypeVar("H", httpx.Client, httpx.AsyncClient)
MAX_PORT = 65_535
# Of this machine: no proxy of the environment leads to these, nor is one needed.
OWN_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait for the service, in seconds; none of them is for ever."""

    connect: float = 10.0
    read: float = 60.0  # between two pieces of an answer; longer by what the service was asked to wait
    write: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Which service, on whose behalf, and how patiently."""

    url: str = field(default_factory=read_url)
    api_key: str | None = field(default_factory=read_api_key, repr=False)
    timeouts: Timeouts = field(default_factory=Timeouts)
    retries: RetryPolicy = field(default_factory=RetryPolicy)

    def __post_init__(self) -> None:
        """Refuse an address that cannot be one, and a key that no header can carry.

        Raises:
            InputUnusable: with what is wrong, and never with the key.
        """
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL as err:
            raise InputUnusable("url_unusable", url=self.url) from err
        if url.scheme not in ("http", "https") or not url.host or (url.port or 1) > MAX_PORT:
            raise InputUnusable("url_unusable", url=self.url)
        if self.api_key is None:
            return
        if not self.api_key.strip():
            raise InputUnusable("key_empty")
        if not (self.api_key.isascii() and self.api_key.isprintable()):
            raise InputUnusable("key_unusable")

    def make_client(self, kind: Callable[..., H], transport: object) -> H:
        """Return an httpx client of this kind.

        Raises:
            InputUnusable: the environment names a proxy that cannot be used.
        """
        headers = {"User-Agent": f"sentiq-python/{find_version()}"}
        if self.api_key is not None:
            headers["Authorization"] = f"Bearer {self.api_key.strip()}"
        url = httpx.URL(self.url)
        reads_environment = url.scheme == "https" or url.host not in OWN_HOSTS  # of HTTPS for certificates too
        try:
            return kind(base_url=self.url, headers=headers, transport=transport, trust_env=reads_environment)
        except (ImportError, ValueError) as err:  # SOCKS without its package; an address that is none
            raise InputUnusable("proxy_unusable", reason=err) from err

    def make_request_options(self, request: Request) -> dict[str, Any]:
        """Return the request as httpx builds one, all but its content."""
        timeouts = self.timeouts
        read = timeouts.read + request.patience_seconds
        return {
            "method": request.method,
            "url": request.path,
            "params": dict(request.params),
            "headers": {**request.headers, **(request.body.headers if request.body else {})},
            "timeout": httpx.Timeout(read, connect=timeouts.connect, write=timeouts.write, pool=timeouts.connect),
        }

    def explain(self, err: httpx.HTTPError) -> ConnectionFailed:
        """Return what kept the service's answer from coming."""
        if isinstance(err, httpx.ConnectError | httpx.ConnectTimeout):
            return ConnectionFailed("nothing_answers", url=self.url, reason=err)
        if isinstance(err, httpx.TimeoutException):
            return AnswerTimedOut("answer_timed_out", url=self.url)
        return ConnectionFailed("connection_broke", url=self.url, reason=str(err) or type(err).__name__)


def read_head(response: httpx.Response, body: bytes = b"") -> Answer:
    """Return the answer with this body."""
    return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)


def find_version() -> str:
    """Return the version of the installed package."""
    try:
        return version("sentiq")
    except PackageNotFoundError:
        return "unknown"  # run from a checkout


def make_config(url: str | None, api_key: str | None, timeouts: Timeouts | None, retries: RetryPolicy | None) -> Config:
    """Return what was chosen, and the environment's or the usual choice for what was not."""
    chosen = {"url": url, "api_key": api_key, "timeouts": timeouts, "retries": retries}
    return Config(**{name: value for name, value in chosen.items() if value is not None})  # type: ignore[arg-type]
