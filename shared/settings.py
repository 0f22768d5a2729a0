"""All settings of every process, read once from the environment or `.env`; nothing else reads `os.environ`.

`.env.example` documents each one for people; a test keeps the two equal.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.errors import SettingsError
from shared.quotas import Quotas
from shared.secret_files import read_secret
from shared.signing import check_secret, split_encryption_keys

MODEL_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
# Never shown, not even when wrong; each can be read from a file instead, named by the setting with `_FILE` behind it.
SECRETS = ("database_url", "broker_url", "webhook_secret", "webhook_encryption_keys")
PositiveInt = Annotated[int, Field(gt=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
Quota = Annotated[int, Field(ge=0)]  # 0: no limit


class Settings(BaseSettings):
    """One frozen set of options; every default suits `make run` on one machine."""

    model_config = SettingsConfigDict(
        env_prefix="SENTIQ_",
        env_file=".env",
        env_file_encoding="utf-8",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    # Where the service listens and keeps its state.
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 7860
    state_dir: Path = Path(".sentiq")
    database_url_file: Path | None = None
    database_url: str | None = Field(default=None, repr=False, validate_default=True)
    broker_url_file: Path | None = None
    broker_url: str | None = Field(default=None, repr=False, validate_default=True)
    broker_master_name: str = "mymaster"

    # Who may call. auto: until the first key is made, everybody on this machine and nobody else; keys: who has one.
    auth: Literal["auto", "keys"] = "auto"

    # The model and the processes that run it.
    model: str = "structbert-small-zh"
    models_dir: Path = Path("models")
    backend: Literal["onnx", "modelscope"] = "onnx"
    byte_kernel: Literal["auto", "fast", "widened"] = "auto"
    workers: PositiveInt = os.cpu_count() or 1
    threads_per_worker: PositiveInt = 1

    # How texts are claimed and batched.
    target_batch_ms: PositiveInt = 40
    max_batch_tokens: PositiveInt = 16_384
    claim_batches: PositiveInt = 20
    lease_seconds: PositiveFloat = 15.0
    max_attempts: PositiveInt = 3
    sweep_interval_seconds: PositiveFloat = 1.0
    nudge_grace_seconds: PositiveFloat = 2.0
    watchdog_seconds: Annotated[float, Field(gt=6)] = 15.0  # beyond the 5 s that Celery may take to see a death
    heartbeat_seconds: PositiveFloat = 2.0

    # What a caller may send, and how long it may wait.
    max_text_chars: PositiveInt = 100_000
    max_texts_per_job: PositiveInt = 100_000
    max_body_bytes: PositiveInt = 64 * 1024 * 1024
    max_queued_texts: PositiveInt = 5_000_000
    max_upload_texts: PositiveInt = 1_000_000
    max_upload_bytes: PositiveInt = 1024 * 1024 * 1024
    max_unpacked_bytes: PositiveInt = 4 * 1024 * 1024 * 1024
    max_upload_columns: PositiveInt = 500
    max_row_chars: PositiveInt = 1_000_000
    uploads_at_once: PositiveInt = 8
    upload_resume_seconds: PositiveInt = 24 * 3600
    interactive_texts: PositiveInt = 32
    requests_per_minute: Quota = 0
    texts_per_day: Quota = 0
    waiting_texts: Quota = 0
    sentiment_wait_seconds: PositiveFloat = 30.0
    max_wait_seconds: PositiveFloat = 60.0
    idempotency_seconds: PositiveInt = 24 * 3600
    retention_seconds: Annotated[int, Field(ge=0)] = 30 * 24 * 3600  # 0: for ever
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()

    # Webhooks: who signs them, where they may go, and how patiently they are sent.
    webhook_secret_file: Path | None = None
    webhook_secret: SecretStr | None = Field(default=None, validate_default=True)
    webhook_encryption_keys_file: Path | None = None
    webhook_encryption_keys: SecretStr | None = Field(default=None, validate_default=True)
    webhook_rotation_hours: PositiveFloat = 24.0
    webhook_disable_after_days: PositiveFloat = 5.0
    webhook_allow_private: bool = False
    webhook_timeout_seconds: Annotated[float, Field(gt=0, le=50)] = 15.0  # below Celery's limit for a task
    webhook_retry_seconds: Annotated[tuple[PositiveFloat, ...], NoDecode] = (
        5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
    )  # fmt: skip
    courier_threads: PositiveInt = 16

    # The API's processes and what all processes write down.
    api_processes: PositiveInt = 1
    api_threads: Annotated[int, Field(ge=4)] = 64
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    metrics_dir: Path | None = None
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None

    @field_validator("cors_origins", "webhook_retry_seconds", mode="before")
    @classmethod
    def split_list(cls, value: object) -> object:
        """Read a comma-separated list, as an environment variable has it."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator(*SECRETS, *(f"{name}_file" for name in SECRETS), "metrics_port", mode="before")
    @classmethod
    def read_empty_as_none(cls, value: object) -> object:
        """Take `SENTIQ_WEBHOOK_SECRET=` for what it means: no secret."""
        return value or None

    @field_validator(*SECRETS, mode="before")
    @classmethod
    def read_from_file(cls, value: object, info: ValidationInfo) -> object:
        """Read the secret from the file that was named instead of it."""
        path = info.data.get(f"{info.field_name}_file")
        if path is None:
            return value
        if value:
            raise ValueError("is set, and so is the file that should hold it: use one of them")
        return read_secret(path)

    @field_validator("webhook_secret")
    @classmethod
    def refuse_weak_secret(cls, value: SecretStr | None) -> SecretStr | None:
        """Refuse what the Standard Webhooks specification does not allow."""
        if value is not None:
            check_secret(value.get_secret_value())
        return value

    @field_validator("webhook_encryption_keys")
    @classmethod
    def refuse_odd_keys(cls, value: SecretStr | None) -> SecretStr | None:
        """Refuse keys that nothing could be encrypted with."""
        if value is not None:
            split_encryption_keys(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def refuse_impossible_pairs(self) -> Self:
        """Report the settings that cannot work together."""
        if not MODEL_NAME.match(self.model_name):
            raise ValueError(
                f"SENTIQ_MODEL names the folder {self.model_name!r}: use letters, digits, '.', '_' and '-'"
            )
        if self.lease_seconds * 1000 < 4 * self.target_batch_ms:
            raise ValueError(
                "SENTIQ_LEASE_SECONDS must cover at least four micro-batches of SENTIQ_TARGET_BATCH_MS, "
                "or texts would be taken away from a healthy worker"
            )
        return self

    @property
    def webhook_attempts(self) -> int:
        """Return how often a delivery is tried in all: once, and once more after each pause."""
        return len(self.webhook_retry_seconds) + 1

    @property
    def quotas(self) -> Quotas:
        """Return the quotas of callers whose keys say nothing else."""
        return Quotas(self.requests_per_minute, self.texts_per_day, self.waiting_texts)

    @property
    def model_path(self) -> Path:
        """Return the model directory: `model` inside `models_dir`, or `model` itself when absolute."""
        return (self.models_dir / self.model).resolve()

    @property
    def model_name(self) -> str:
        """Return the name under which the model is served: its folder's."""
        return Path(self.model).name

    @property
    def resolved_database_url(self) -> str:
        """Return the database's address: SQLite in the state folder unless another is set."""
        if self.database_url is None:
            return f"sqlite:///{self.state_dir.resolve() / 'sentiq.db'}"
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", self.database_url)

    @property
    def required_broker_url(self) -> str:
        """Return the broker's address.

        Raises:
            SettingsError: none is set; only `make run` can do without.
        """
        if self.broker_url is None:
            raise SettingsError(
                "SENTIQ_BROKER_URL is not set: give the address of a Redis server, or start with `make run`."
            )
        return self.broker_url


def load_settings() -> Settings:
    """Read the settings from the environment and `.env`.

    Raises:
        SettingsError: with every problem at once, one a line.
    """
    try:
        return Settings()
    except ValidationError as err:
        lines = (_explain(error["loc"], error["msg"], error["input"]) for error in err.errors())
        # Without its cause, whose words would show a secret that is not well-formed.
        raise SettingsError("\n".join(lines)) from None


def _explain(location: tuple[int | str, ...], message: str, given: object) -> str:
    message = message.removeprefix("Value error, ")
    if not location:
        return message
    shown = "" if location[0] in SECRETS else f" (given: {given!r})"
    return f"SENTIQ_{str(location[0]).upper()}: {message}{shown}"
