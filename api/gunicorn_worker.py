"""Gunicorn's threaded worker, for callers that nobody should trust: with bounded connections, and problems as errors.

What is not even HTTP gunicorn refuses before the application sees it, with a page of HTML that repeats a piece of the
request; here that is a problem like every other error.
"""

import errno
import socket
from typing import Any

from gunicorn.http import errors  # type: ignore[import-untyped]
from gunicorn.util import write_nonblock  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from api.connections import BoundedConnection, PatientSocket
from api.request_errors import RequestTooSlow

_NOBODY_THERE = (errno.EAGAIN, errno.ECONNABORTED)


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """A worker of threads whose patience has an end, and whose refusals are problems."""

    def accept(self, listener: Any) -> None:
        """Take a new connection."""
        try:
            sock, client = listener.accept()
        except OSError as err:
            if err.errno in _NOBODY_THERE:
                return
            raise
        self.nr_conns += 1
        self.enqueue_req(BoundedConnection(self.cfg, PatientSocket(sock), client, listener.getsockname()))

    def enqueue_req(self, conn: BoundedConnection) -> None:
        """Let a thread serve the request that begins here; its time runs while it waits for one, and costs it nothing.

        What was sent in whole by then is read at once. Callers that stall all run out of time together, however many.
        """
        conn.sock.begin_request()
        super().enqueue_req(conn)

    def handle(self, conn: BoundedConnection) -> Any:
        """Serve one request; return what becomes of the connection, and hang up if it is to be closed."""
        next_step = super().handle(conn)
        if next_step is False:
            conn.sock.hang_up()
        return next_step

    def handle_request(self, req: Any, conn: BoundedConnection) -> Any:
        """Let the application answer; a caller that does not read the answer counts as one that has hung up."""
        try:
            return super().handle_request(req, conn)
        except TimeoutError as err:
            raise ConnectionResetError(errno.ECONNRESET, "The caller does not read its answer.") from err

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer a request that could not be read; leave gunicorn a fault that is not the caller's."""
        code = choose_code(exc)
        if code is None:
            super().handle_error(req, client, addr, exc)
            return
        # Imported here, since the master process loads this class but must not load the application.
        from api.malformed import render_refusal

        try:
            write_nonblock(client, render_refusal(code, type(exc).__name__))
        except OSError:
            self.log.debug("The caller of an unreadable request has gone.")


def choose_code(error: BaseException) -> str | None:
    """Return the code of the problem with a request that could not be read, or None for any other error."""
    if isinstance(error, RequestTooSlow):
        return error.code
    if isinstance(error, errors.LimitRequestLine):
        return "uri_too_long"
    if isinstance(error, errors.LimitRequestHeaders):
        return "headers_too_large"
    is_faulty = isinstance(error, errors.ParseException) and not isinstance(error, errors.ConfigurationProblem)
    return "bad_request" if is_faulty else None
