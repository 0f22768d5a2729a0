"""What a downloaded file is called, in a header that every browser reads (RFC 6266, RFC 8187)."""

import re
import unicodedata
from datetime import datetime
from pathlib import PurePath
from urllib.parse import quote
from uuid import UUID

from api.exports.formats import ResultsFormat

MAX_STEM_CHARS = 100
# Separators, what Windows forbids, what would end the quoted string, and control and format characters.
_FORBIDDEN = re.compile(r'[/\\:*?"<>|%\x00-\x1f\x7f]')
_TAIL_CHARS = 12  # of a job's id: its random part
_ATTR_CHARS = "!#$&+-.^_`|~"  # of RFC 8187, besides letters and digits


def name_file(source: object, job_id: UUID, created_at: datetime, result_format: ResultsFormat) -> str:
    """Return a name after the file that the texts came from, or else after the day and the job.

    `source` is what the caller called that file, if it is a string that leaves something to call a file by.
    """
    stem = _clean(PurePath(source).stem) if isinstance(source, str) else ""
    name = f"{stem}-scored" if stem else f"sentiq-{created_at:%Y-%m-%d}-{str(job_id)[-_TAIL_CHARS:]}"
    return f"{name}.{result_format}"


def format_disposition(name: str) -> str:
    """Return the header `Content-Disposition` for a download of this name, which may be in any script."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    if plain == name:
        return f'attachment; filename="{name}"'
    # Who cannot read the second form gets what ASCII leaves of the name; of a full-width quote that is a quote.
    fallback = _FORBIDDEN.sub("_", plain).lstrip("-. ") or "results"
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe=_ATTR_CHARS)}"


def _clean(stem: str) -> str:
    visible = "".join(character for character in stem if unicodedata.category(character)[0] != "C")
    return _FORBIDDEN.sub("_", visible).strip(". ")[:MAX_STEM_CHARS]
