"""Reads the parts of a workbook, which are XML, as they come: names without their namespaces, and no entities."""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar
from xml.parsers import expat

from api.upload_errors import FileMalformed

Attributes = dict[str, str]
Item = TypeVar("Item")


class Handler(Generic[Item]):
    """What happens at each element; subclasses say what they look for, and append what they have found to `found`."""

    def __init__(self) -> None:
        self.found: list[Item] = []

    def start(self, name: str, attributes: Attributes) -> None:
        """Take note of an element that begins."""

    def end(self, name: str) -> None:
        """Take note of an element that ends."""

    def characters(self, data: str) -> None:
        """Take note of text."""


def read_xml(pieces: Iterable[bytes], handler: Handler[Item]) -> Iterator[Item]:
    """Yield what the handler finds, as soon as it has found it.

    Raises:
        FileMalformed: this is no XML, or defines entities, which no workbook needs and bombs are made of.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda name, attributes: handler.start(_strip(name), attributes)
    parser.EndElementHandler = lambda name: handler.end(_strip(name))
    parser.CharacterDataHandler = handler.characters
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            yield from handler.found
            handler.found.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as err:
        raise FileMalformed("The workbook is damaged: a part of it is not well-formed XML.") from err
    yield from handler.found


def get_attribute(attributes: Attributes, name: str) -> str | None:
    """Return the attribute of this name, whatever its prefix."""
    return next((value for key, value in attributes.items() if _strip(key) == name), None)


def _strip(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse_doctype(*_declared: object) -> None:
    raise FileMalformed("The workbook is not as a spreadsheet program writes it: its XML has a document type.")
