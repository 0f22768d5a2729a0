"""Performs steps on an event loop of asyncio; else the same as `driver.py`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from typing import Any, TypeVar

import httpx

from sentiq.exchange import Config, read_head
from sentiq.steps import Answer, Emit, Open, Outcome, Pause, Read, Request, Step, Steps

T = TypeVar("T")


class AsyncDriver:
    """Performs operations over one httpx client."""

    def __init__(self, config: Config, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._config = config
        self._http = config.make_client(httpx.AsyncClient, transport)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def run(self, steps: Steps[T]) -> T:
        """Perform the steps and return what they end with."""
        async with aclosing(_Conversation(self._config, self._http)) as conversation:
            with closing(steps):
                outcome: Outcome = None
                while True:
                    try:
                        step = steps.send(outcome)
                    except StopIteration as end:
                        result: T = end.value
                        return result
                    outcome = await conversation.perform(step)

    async def iterate(self, steps: Steps[None]) -> AsyncIterator[Any]:
        """Perform the steps as items are asked for."""
        async with aclosing(_Conversation(self._config, self._http)) as conversation:
            with closing(steps):
                outcome: Outcome = None
                while True:
                    try:
                        step = steps.send(outcome)
                    except StopIteration:
                        return
                    if isinstance(step, Emit):
                        for item in step.items:
                            yield item
                        outcome = None
                    else:
                        outcome = await conversation.perform(step)


class _Conversation:
    """One operation's requests, with the answer that it has open."""

    def __init__(self, config: Config, http: httpx.AsyncClient) -> None:
        self._config, self._http = config, http
        self._response: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None

    async def aclose(self) -> None:
        if self._response is not None:
            await self._response.aclose()
            self._response = None

    async def perform(self, step: Step) -> Outcome:
        try:
            match step:
                case Request():
                    return await self._send(step)
                case Open():
                    return await self._open(step.request)
                case Read():
                    return None if self._chunks is None else await anext(self._chunks, None)
                case Pause():
                    await asyncio.sleep(step.seconds)
                case Emit():
                    raise TypeError("Only an iteration has use for items.")
        except httpx.HTTPError as err:
            await self.aclose()
            return self._config.explain(err)
        return None

    async def _send(self, request: Request) -> Answer:
        await self.aclose()
        response = await self._http.send(self._build(request))
        return read_head(response, response.content)

    async def _open(self, request: Request) -> Answer:
        await self.aclose()
        self._response = await self._http.send(self._build(request), stream=True)
        if not self._response.is_success:
            return read_head(self._response, await self._response.aread())
        self._chunks = self._response.aiter_bytes()
        return read_head(self._response)

    def _build(self, request: Request) -> httpx.Request:
        content = _read_in_thread(request.body.chunks()) if request.body else None
        return self._http.build_request(content=content, **self._config.make_request_options(request))


async def _read_in_thread(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Read a body without holding up the event loop: it may lie on a slow disk."""
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        yield chunk
