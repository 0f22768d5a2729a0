"""What goes with an uploaded file: the same wishes as in JSON, as parameters of the query or as fields of a form."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.json_body import parse_object
from api.request_errors import BodyInvalid, FieldError, RequestInvalid
from api.schemas.base import RequestQuery
from api.schemas.jobs import MAX_EXPIRES_AFTER
from api.schemas.moments import OptionalMoment
from api.schemas.neutral_band import NeutralBand
from api.schemas.texts import Metadata
from api.schemas.webhooks import END_EVENT_LIST, Events, WebhookURL
from api.services.webhooks import Webhook
from api.uploads.encodings import ENCODINGS
from api.validation import explain_validation
from shared.states import EventType

MAX_NAME_CHARS = 200


def _parse_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_object(value.encode())
    except (BodyInvalid, RequestInvalid):
        raise PydanticCustomError(
            "json_invalid", "This must be a JSON object, such as {example}.", {"example": '{"batch": 7}'}
        ) from None


def _parse_band(value: Any) -> Any:
    """Take a number or a boolean out of the text that a query has for it."""
    if not isinstance(value, str):
        return value
    try:
        return {"true": True, "false": False}[value] if value in ("true", "false") else float(value)
    except ValueError:
        return value


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


_EVENT = f"({'|'.join(map(re.escape, EventType))})"
_EVENTS_SCHEMA = {"type": "string", "pattern": f"^{_EVENT}(,{_EVENT}){{0,19}}$"}
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]


class UploadOptions(RequestQuery):
    """How to read a file of texts, and how to score them."""

    text_column: Name | None = Field(None, description="The column that holds the texts.")
    id_column: Name | None = Field(None, description="The column that holds your ids.")
    sheet: Name | None = Field(None, description="The sheet of a workbook; without it, the first.")
    max_bad_rows: Annotated[int, Field(ge=0)] | None = Field(
        None, description="More rows than these that hold no text to score, and the file is refused; without it, never."
    )
    charset: Name | None = Field(
        None,
        description="The file's encoding, if it is not to be detected.",
        json_schema_extra={"enum": [*sorted(ENCODINGS)]},
    )
    filename: Name | None = Field(None, description="What the file is called; its ending says what it is.")
    model: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    neutral_band: Annotated[NeutralBand, BeforeValidator(_parse_band)] = None
    deadline: OptionalMoment = None
    expires_after: Annotated[int, Field(ge=1, le=MAX_EXPIRES_AFTER)] | None = None
    metadata: Annotated[Metadata | None, BeforeValidator(_parse_json)] = Field(None, description="JSON.")
    webhook_url: WebhookURL | None = None
    webhook_events: Annotated[Events, BeforeValidator(_split), WithJsonSchema(_EVENTS_SCHEMA)] = Field(
        END_EVENT_LIST, description="Separated by commas; without it, those that tell of the job's end."
    )

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "UploadOptions":
        """Return the options.

        Raises:
            RequestInvalid: one is unknown, or not what it should be.
        """
        odd = [name for name, value in given.items() if "\x00" in value]
        if odd:
            raise RequestInvalid([FieldError("string_unstorable", "This holds U+0000.", parameter=odd[0])])
        try:
            return cls.model_validate(dict(given))
        except ValidationError as err:
            raise explain_validation(err) from err

    def compute_fingerprint(self) -> str:
        """Return the SHA-256 of what the options mean; how the file is called or encoded does not count."""
        meant = self.model_dump(mode="json", exclude_defaults=True, exclude={"filename", "charset", "max_bad_rows"})
        document = json.dumps({"upload": meant}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(document.encode()).hexdigest()

    @property
    def webhook(self) -> Webhook | None:
        """Return the webhook as the service takes it."""
        return None if self.webhook_url is None else Webhook(self.webhook_url, self.webhook_events)
