"""Performs steps, one after the other."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, TypeVar

import httpx

from sentiq.exchange import Config, read_head
from sentiq.steps import Answer, Emit, Open, Outcome, Pause, Read, Request, Step, Steps

T = TypeVar("T")


class Driver:
    """Performs operations over one httpx client."""

    def __init__(self, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        self._config = config
        self._http = config.make_client(httpx.Client, transport)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def run(self, steps: Steps[T]) -> T:
        """Perform the steps and return what they end with."""
        with closing(_Conversation(self._config, self._http)) as conversation, closing(steps):
            outcome: Outcome = None
            while True:
                try:
                    step = steps.send(outcome)
                except StopIteration as end:
                    result: T = end.value
                    return result
                outcome = conversation.perform(step)

    def iterate(self, steps: Steps[None]) -> Iterator[Any]:
        """Perform the steps as items are asked for."""
        with closing(_Conversation(self._config, self._http)) as conversation, closing(steps):
            outcome: Outcome = None
            while True:
                try:
                    step = steps.send(outcome)
                except StopIteration:
                    return
                if isinstance(step, Emit):
                    yield from step.items
                    outcome = None
                else:
                    outcome = conversation.perform(step)


class _Conversation:
    """One operation's requests, with the answer that it has open."""

    def __init__(self, config: Config, http: httpx.Client) -> None:
        self._config, self._http = config, http
        self._response: httpx.Response | None = None
        self._chunks: Iterator[bytes] = iter(())

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    def perform(self, step: Step) -> Outcome:
        try:
            match step:
                case Request():
                    return self._send(step)
                case Open():
                    return self._open(step.request)
                case Read():
                    return next(self._chunks, None)
                case Pause():
                    time.sleep(step.seconds)
                case Emit():
                    raise TypeError("Only an iteration has use for items.")
        except httpx.HTTPError as err:
            self.close()
            return self._config.explain(err)
        return None

    def _send(self, request: Request) -> Answer:
        self.close()
        response = self._http.send(self._build(request))
        return read_head(response, response.content)

    def _open(self, request: Request) -> Answer:
        self.close()
        self._response = self._http.send(self._build(request), stream=True)
        if not self._response.is_success:
            return read_head(self._response, self._response.read())
        self._chunks = self._response.iter_bytes()
        return read_head(self._response)

    def _build(self, request: Request) -> httpx.Request:
        content = request.body.chunks() if request.body else None
        return self._http.build_request(content=content, **self._config.make_request_options(request))
