"""Structured logs to stderr: a static event name plus fields, ids and never texts."""

import logging
import sys
import threading
from traceback import format_tb
from types import TracebackType

import structlog
from structlog.typing import ExcInfo, Processor

from shared.settings import Settings

log = structlog.get_logger(__name__)


def configure_logging(settings: Settings, process: str) -> None:
    """Send this process's logs, and those of the libraries it uses, to stderr as JSON lines or for a console."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(describe_exception),
    ]
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if settings.log_format == "console":
        renderer = structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.captureWarnings(True)  # or Python would write them between the lines, in a form of its own
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    # What nobody catches would be written with its message.
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def _log_uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is not None and not issubclass(kind, SystemExit | KeyboardInterrupt):
        log.critical("uncaught", error=kind.__name__, exc_info=(kind, error, trace))


def describe_exception(exc_info: ExcInfo) -> str:
    """Return where in the code an exception came from, and its causes, by their types: a message may hold a text."""
    described: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        kind = type(error)
        described.insert(0, f"{''.join(format_tb(error.__traceback__))}{kind.__module__}.{kind.__qualname__}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nwhich led to:\n\n".join(described)
