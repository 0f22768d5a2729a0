"""All that the client and its command say, in Chinese and English: the one table, and the way to read it."""

from collections.abc import Mapping

from sentiq.environment import Language
from sentiq.messages.errors import ERRORS
from sentiq.messages.help import HELP
from sentiq.messages.telling import TELLING

MESSAGES: Mapping[str, tuple[str, str]] = {**ERRORS, **HELP, **TELLING}


def tell(language: Language, message: str, **fields: object) -> str:
    """Return the message in this language, with these fields in it."""
    chinese, english = MESSAGES[message]
    return (chinese if language is Language.CHINESE else english).format(**fields)
