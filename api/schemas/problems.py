"""Errors as callers see them: problem details (RFC 9457) with a stable code."""

from uuid import UUID

from pydantic import ConfigDict, Field

from api.schemas.base import Answer

PROBLEM_TYPE = "application/problem+json"


class ProblemError(Answer):
    """One thing wrong with one part of the request."""

    # What is not there is left out of the answer.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    code: str
    detail: str
    pointer: str | None = Field(None, description="Where in the body, as a JSON Pointer (RFC 6901).")
    parameter: str | None = Field(None, description="Which parameter of the query.")


class Problem(Answer):
    """What went wrong, why, and what to do about it."""

    model_config = ConfigDict(
        json_schema_serialization_defaults_required=False,
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:sentiq:problem:validation_error",
                    "title": "The request is not valid",
                    "status": 422,
                    "code": "validation_error",
                    "detail": "One part of the request cannot be accepted; `errors` says which and why.",
                    "instance": "/v1/jobs",
                    "request_id": "0b9f7c9e5f0a4f0f8f9f3a1f0c2d4e6f",
                    "errors": [
                        {
                            "code": "text_blank",
                            "detail": "This text is empty: it holds nothing that can be seen.",
                            "pointer": "/texts/3/text",
                        }
                    ],
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    code: str = Field(description="Stable: programs may depend on it.")
    detail: str = Field(description="For people: what was wrong, where, and what to do.")
    instance: str = Field(description="The path of the request.")
    request_id: str = Field(description="The answer's `X-Request-ID`, which the logs know too.")
    errors: list[ProblemError] | None = Field(None, description="The first hundred things that are wrong.")
    job: UUID | None = Field(None, description="The job that the request left behind.")
