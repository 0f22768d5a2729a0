"""What an operation asks of the outside world, one step at a time.

Operations (`operations.py`, `streams.py`) are generators that yield steps and are sent what came of each. They know
no sockets and no clocks, so the same ones serve `Client` and `AsyncClient`, whose drivers perform the steps.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sentiq.errors import ConnectionFailed

T = TypeVar("T")


def _do_nothing() -> None:
    """Close what needs no closing."""


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes to send, which can be read from the start as often as the request is sent."""

    chunks: Callable[[], Iterator[bytes]]
    content_type: str
    content_encoding: str | None = None
    size: int | None = None  # bytes; None: not known before they have been sent
    close: Callable[[], None] = _do_nothing

    @property
    def headers(self) -> dict[str, str]:
        """What the service has to know of it."""
        headers = {"Content-Type": self.content_type}
        if self.content_encoding is not None:
            headers["Content-Encoding"] = self.content_encoding
        if self.size is not None:
            headers["Content-Length"] = str(self.size)
        return headers


@dataclass(frozen=True, slots=True)
class Request:
    """Send this and read the whole answer; the step is answered with an `Answer` or a `ConnectionFailed`."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    patience_seconds: float = 0.0  # how much longer than usual the answer may take


@dataclass(frozen=True, slots=True)
class Open:
    """Send this and read the head of the answer; its body too, if it is an error. Answered like a `Request`."""

    request: Request


@dataclass(frozen=True, slots=True)
class Read:
    """Read on in the open answer; the step is answered with bytes, None at the end, or a `ConnectionFailed`."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait; the step is answered with None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Emit:
    """Hand these items to whoever iterates; the step is answered with None."""

    items: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answered; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


Step = Request | Open | Read | Pause | Emit
Outcome = Answer | bytes | ConnectionFailed | None
Steps = Generator[Step, Outcome, T]


def send(step: Request | Open) -> Steps[Answer | ConnectionFailed]:
    """Send a request, and return what came of it."""
    outcome = yield step
    if not isinstance(outcome, Answer | ConnectionFailed):
        raise TypeError(f"The driver answered a request with {type(outcome).__name__}.")
    return outcome


def read() -> Steps[bytes | ConnectionFailed | None]:
    """Read on in the open answer: None is its end."""
    outcome = yield Read()
    if isinstance(outcome, Answer):
        raise TypeError("The driver answered a reading with an answer.")
    return outcome
