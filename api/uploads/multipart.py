"""`multipart/form-data`: a few fields, then one file, read as it comes and never held whole."""

from collections.abc import Iterator
from dataclasses import dataclass

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from api.request_errors import BodyInvalid
from api.uploads.unpacking import UNPACKED_BYTES

FILE_FIELD = "file"
MAX_FIELDS = 50
MAX_FIELDS_BYTES = 65_536
# The decoder holds what it cannot decide on yet: a boundary's beginning, or the headers of a part.
MAX_HELD_BYTES = 2 * UNPACKED_BYTES  # beside the piece that has just come, which may have been unpacked


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, and the file that follows them."""

    fields: dict[str, str]
    filename: str | None
    content_type: str
    pieces: Iterator[bytes]


def read_form(pieces: Iterator[bytes], boundary: str | None) -> Form:
    """Return the form once its file begins; the file is what is read next.

    Raises:
        BodyInvalid: it is no such form, has no part `file`, or too many or too large fields.
    """
    if not boundary:
        raise BodyInvalid("The Content-Type names no boundary, so the parts of the form cannot be told apart.")
    events = _read_events(pieces, MultipartDecoder(boundary.encode("latin-1", "replace"), MAX_HELD_BYTES))
    fields: dict[str, str] = {}
    for event in events:
        if isinstance(event, File) and event.name == FILE_FIELD:
            return Form(fields, event.filename, event.headers.get("Content-Type", ""), _read_file(events))
        if isinstance(event, Field | File):
            _add_field(fields, event, events)
    raise BodyInvalid(f"The form has no part named `{FILE_FIELD}` with a file name: that is where the texts belong.")


def _add_field(fields: dict[str, str], part: Field | File, events: Iterator[Event]) -> None:
    if not part.name:  # werkzeug's types say that there always is one
        raise BodyInvalid("The form has a part without a name, so nothing tells what it is.")
    if isinstance(part, File):
        raise BodyInvalid(f"The form has a file in the part {part.name[:50]!r}; the one file is named `{FILE_FIELD}`.")
    if part.name in fields or len(fields) >= MAX_FIELDS:
        raise BodyInvalid(f"The form has the field {part.name[:50]!r} twice, or too many fields.")
    value, size = b"", sum(map(len, fields.values()))
    for event in events:
        if isinstance(event, Data):
            value += event.data
            if size + len(value) > MAX_FIELDS_BYTES:
                raise BodyInvalid(f"The fields of the form have more than {MAX_FIELDS_BYTES:,} bytes.")
            if not event.more_data:
                break
    try:
        fields[part.name] = value.decode()
    except UnicodeDecodeError as err:
        raise BodyInvalid(f"The field {part.name[:50]!r} of the form is not UTF-8.") from err


def _read_file(events: Iterator[Event]) -> Iterator[bytes]:
    """Yield the file; it has ended only when the form has, so that none that was cut off looks whole."""
    for event in events:
        if isinstance(event, Data):
            if event.data:
                yield event.data
        elif isinstance(event, Field | File):
            name = (event.name or "")[:50]
            raise BodyInvalid(f"The part {name!r} comes behind the file: send the options before it.")


def _read_events(pieces: Iterator[bytes], decoder: MultipartDecoder) -> Iterator[Event]:
    try:
        for piece in pieces:
            decoder.receive_data(piece)
            while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
                yield event
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), Epilogue):
            yield event
    except (ValueError, RequestEntityTooLarge) as err:
        raise BodyInvalid(
            "The form cannot be read: its parts are not as RFC 7578 wants them, or it is cut off."
        ) from err
