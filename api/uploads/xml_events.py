"""Reads the parts of a workbook, which are XML, as they come: names without their namespaces, and no entities."""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar
from xml.parsers import expat

from api.upload_errors import FileMalformed

# What the parser holds in memory, and no workbook has so much of: tags in tags, names, and the bytes of one tag.
MAX_DEPTH = 100
MAX_NAMES = 10_000
MAX_TAG_BYTES = 1_000_000
ODD = "The workbook is not as a spreadsheet program writes it: "

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
        FileMalformed: this is no XML, or holds what no workbook needs and bombs are made of: entities, endless tags.
    """
    parser = _make_parser(handler)
    received = 0
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            received += len(piece)
            if received - parser.CurrentByteIndex > MAX_TAG_BYTES or len(parser.intern) > MAX_NAMES:
                raise FileMalformed(f"{ODD}its XML has tags without end, or without number.")
            yield from handler.found
            handler.found.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as err:
        raise FileMalformed("The workbook is damaged: a part of it is not well-formed XML.") from err
    yield from handler.found


def _make_parser(handler: Handler[Item]) -> expat.XMLParserType:
    depth = 0

    def start(name: str, attributes: Attributes) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise FileMalformed(f"{ODD}its XML is nested too deeply.")
        handler.start(_strip(name), attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(_strip(name))

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handler.characters
    return parser


def get_attribute(attributes: Attributes, name: str) -> str | None:
    """Return the attribute of this name, whatever its prefix."""
    return next((value for key, value in attributes.items() if _strip(key) == name), None)


def _strip(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse_doctype(*_declared: object) -> None:
    raise FileMalformed(f"{ODD}its XML has a document type.")
