"""Server-sent events (the HTML standard, section 9.2): blocks of lines, each ended by an empty one."""

from pydantic import BaseModel

EVENT_STREAM_TYPE = "text/event-stream"
# Asks nginx not to keep events back until it has a buffer full of them.
UNBUFFERED = {"X-Accel-Buffering": "no"}
HEARTBEAT = b":\n\n"  # a comment: nobody is told, but nobody on the way takes the connection for dead


def format_event(name: str, data: BaseModel) -> bytes:
    """Return one event with this answer as its data; JSON as it is written here has no line breaks."""
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n".encode()


def format_retry(milliseconds: int) -> bytes:
    """Return what tells a browser how soon to come again after a lost connection."""
    return f"retry: {milliseconds}\n\n".encode()
