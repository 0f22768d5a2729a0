"""sentiq: says how Chinese texts feel. The client of the service, for programs; the command is `sentiq`."""

from sentiq.async_client import AsyncClient
from sentiq.async_jobs import AsyncJob
from sentiq.client import Client
from sentiq.downloads import FileFormat
from sentiq.errors import (
    AnswerTimedOut,
    AnswerUnreadable,
    APIError,
    Conflict,
    ConnectionFailed,
    ExtraMissing,
    FormatUnavailable,
    InputUnusable,
    KeyRefused,
    NotFound,
    OutputUnwritable,
    RequestRefused,
    ResultsPurged,
    ScopeMissing,
    SentiqError,
    ServiceFailed,
    ServiceUnavailable,
    SignatureInvalid,
    TextFailed,
    TooManyRequests,
    WaitTimedOut,
)
from sentiq.exchange import Timeouts
from sentiq.jobs import Job
from sentiq.models import (
    Counts,
    JobInfo,
    JobState,
    Label,
    Problem,
    Result,
    ResultError,
    ResultPage,
    TextState,
    WebhookEvent,
)
from sentiq.options import JobOptions, SubmitOptions
from sentiq.retrying import RetryPolicy
from sentiq.uploads import TextInput
from sentiq.webhooks import verify_webhook

__all__ = [
    "APIError",
    "AnswerTimedOut",
    "AnswerUnreadable",
    "AsyncClient",
    "AsyncJob",
    "Client",
    "Conflict",
    "ConnectionFailed",
    "Counts",
    "ExtraMissing",
    "FileFormat",
    "FormatUnavailable",
    "InputUnusable",
    "Job",
    "JobInfo",
    "JobOptions",
    "JobState",
    "KeyRefused",
    "Label",
    "NotFound",
    "OutputUnwritable",
    "Problem",
    "RequestRefused",
    "Result",
    "ResultError",
    "ResultPage",
    "ResultsPurged",
    "RetryPolicy",
    "ScopeMissing",
    "SentiqError",
    "ServiceFailed",
    "ServiceUnavailable",
    "SignatureInvalid",
    "SubmitOptions",
    "TextFailed",
    "TextInput",
    "TextState",
    "Timeouts",
    "TooManyRequests",
    "WaitTimedOut",
    "WebhookEvent",
    "verify_webhook",
]
