"""The tables: tenants and keys; jobs, texts, idempotency keys; where events go and how they got there; models; workers.

A text's row holds its input, its claim and its result, so that one guarded UPDATE moves it and SQL can query it.
"""

from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    literal_column,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.quotas import Quotas
from shared.states import DeliveryState, DisabledReason, EndpointEvent, EventType, JobState, TextState

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC time on every database; SQLite itself would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables; every constraint has a name, so that migrations can change it."""

    metadata = MetaData(naming_convention=NAMING)


class TenantRow(Base):
    """Who owns jobs and endpoints; nothing of a tenant is shown to another."""

    __tablename__ = "tenants"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class APIKey(Base):
    """One key of a tenant, without its secret; rows are never deleted, so that a service that had keys stays closed."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"))
    public_id: Mapped[str] = mapped_column(String(12), unique=True)  # the readable part of the key
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the whole key
    name: Mapped[str] = mapped_column(String(100))  # what the operator calls it
    scopes: Mapped[list[str]] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # null: never
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # to the minute
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id"))  # the key that replaces it
    # Null: as the service's settings say; 0: no limit.
    requests_per_minute: Mapped[int | None] = mapped_column(Integer)
    texts_per_day: Mapped[int | None] = mapped_column(Integer)
    waiting_texts: Mapped[int | None] = mapped_column(Integer)

    @property
    def quotas(self) -> Quotas:
        """Return how much the key may ask for."""
        return Quotas(self.requests_per_minute, self.texts_per_day, self.waiting_texts)


class Job(Base):
    """One submission of 1 to n texts; the counts always add up to `total_count`."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("queued_count >= 0 AND running_count >= 0", name="counts_not_negative"),
        CheckConstraint(
            "queued_count + running_count + succeeded_count + failed_count + cancelled_count = total_count",
            name="counts_add_up",
        ),
        Index("ix_jobs_tenant_id_id", "tenant_id", "id"),
        Index(
            "ix_jobs_unfinished",
            "model",
            "id",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index(
            "ix_jobs_unpurged",
            "finished_at",
            sqlite_where=text("purged_at IS NULL"),
            postgresql_where=text("purged_at IS NULL"),
        ),
        Index(
            "ix_jobs_expiring",
            "expires_at",
            sqlite_where=text("expires_at IS NOT NULL AND purged_at IS NULL"),
            postgresql_where=text("expires_at IS NOT NULL AND purged_at IS NULL"),
        ),
        Index(
            "ix_jobs_receiving",
            "receiving_until",
            sqlite_where=text("receiving_until IS NOT NULL"),
            postgresql_where=text("receiving_until IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)  # version 7: sorts by time of creation
    tenant_id: Mapped[int] = mapped_column(Integer, server_default="0")
    model: Mapped[str] = mapped_column(String(100))
    state: Mapped[JobState] = mapped_column(String(16))
    lane: Mapped[int] = mapped_column(SmallInteger)
    neutral_threshold: Mapped[float | None]  # a best score below it means neutral; null: no band
    details: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSON(none_as_null=True))
    webhook: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # url and events
    total_count: Mapped[int] = mapped_column(Integer)
    queued_count: Mapped[int] = mapped_column(Integer)
    running_count: Mapped[int] = mapped_column(Integer, default=0)
    succeeded_count: Mapped[int] = mapped_column(Integer, default=0)
    failed_count: Mapped[int] = mapped_column(Integer, default=0)
    cancelled_count: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    request_id: Mapped[str | None] = mapped_column(String(128))  # of the HTTP request that submitted it
    deadline_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # no text is claimed from then on
    expires_after: Mapped[int | None] = mapped_column(Integer)  # seconds from its end; null: the service's own rule
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # nobody reads its results from then on
    purged_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # its texts are deleted, every one
    receiving_until: Mapped[datetime | None] = mapped_column(
        UTCDateTime
    )  # its upload is given up then; null: it is whole
    upload_token: Mapped[UUID | None] = mapped_column(Uuid)  # of the one request that may add texts
    upload_digest: Mapped[str | None] = mapped_column(String(64))  # SHA-256 of the rows so far; null: no upload

    @property
    def is_receiving(self) -> bool:
        """Whether texts still arrive; until then it cannot complete."""
        return self.receiving_until is not None


class IdempotencyKey(Base):
    """One key of a caller, written with the job that it stands for and gone with it."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        Index("ix_idempotency_keys_expires_at", "expires_at"),
        Index("ix_idempotency_keys_job_id", "job_id"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))  # SHA-256 of the request, in hexadecimal
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    was_done: Mapped[bool | None]  # whether the first answer held the results; null: it is not given yet
    answer_due_at: Mapped[datetime] = mapped_column(UTCDateTime)  # by then the first caller waits no more
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


class TextRow(Base):
    """One input with its claim and its outcome."""

    __tablename__ = "texts"
    __table_args__ = (
        UniqueConstraint("job_id", "position"),
        Index(
            "ix_texts_waiting",
            "model",
            "lane",
            "tenant_id",
            "id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_texts_leased",
            "lease_expires_at",
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    # SQLite numbers rows by itself only in a column of the exact type INTEGER.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    tenant_id: Mapped[int] = mapped_column(Integer, server_default="0")  # its job's, so that claims can be fair
    position: Mapped[int] = mapped_column(Integer)  # the text's index within its job, from 0
    client_id: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSON(none_as_null=True))
    char_count: Mapped[int] = mapped_column(Integer)
    model: Mapped[str] = mapped_column(String(100))
    lane: Mapped[int] = mapped_column(SmallInteger)
    neutral_threshold: Mapped[float | None]  # its job's, so that a claim need not look at the job
    deadline_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # its job's, for the same reason
    state: Mapped[TextState] = mapped_column(String(16))
    queued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # A text that came before within its job is scored once, in the row that has the first position. The others have the
    # state COPIED, never change, and are read with that row's outcome (`shared/queries/outcomes.py`).
    copy_of: Mapped[int | None] = mapped_column(Integer)  # that position
    copy_count: Mapped[int] = mapped_column(Integer, server_default="0")  # how many rows share this one's outcome

    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    claim_token: Mapped[UUID | None] = mapped_column(Uuid)
    lease_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    label: Mapped[str | None] = mapped_column(String(16))
    score: Mapped[float | None]
    scores: Mapped[dict[str, float] | None] = mapped_column(JSON(none_as_null=True))
    token_count: Mapped[int | None] = mapped_column(Integer)
    window_count: Mapped[int | None] = mapped_column(Integer)
    model_version: Mapped[str | None] = mapped_column(String(120))  # name@revision
    error_code: Mapped[str | None] = mapped_column(String(40))
    error_detail: Mapped[str | None] = mapped_column(String(500))
    error_line: Mapped[int | None] = mapped_column(Integer)  # of the uploaded file, from 1


class Endpoint(Base):
    """An address that a tenant has registered for events of all its jobs; both secrets are encrypted."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        Index("ix_webhook_endpoints_tenant_id_id", "tenant_id", "id"),
        Index(
            "ix_webhook_endpoints_enabled",
            "tenant_id",
            sqlite_where=text("disabled_at IS NULL"),
            postgresql_where=text("disabled_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)  # version 7: sorts by time of creation
    tenant_id: Mapped[int] = mapped_column(Integer)
    url: Mapped[str] = mapped_column(String(2000))
    events: Mapped[list[EventType]] = mapped_column(JSON(none_as_null=True))
    description: Mapped[str | None] = mapped_column(String(200))
    secret: Mapped[str] = mapped_column(String(255))
    previous_secret: Mapped[str | None] = mapped_column(String(255))
    previous_secret_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # until then both sign
    failing_since: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the first failure after the last success
    renewed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when its owner last moved or enabled it
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disabled_reason: Mapped[DisabledReason | None] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Delivery(Base):
    """One event on its way to one address; its id is the `webhook-id`, the same over all attempts."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_job_id_id", "job_id", "id"),
        Index("ix_deliveries_endpoint_id_id", "endpoint_id", "id"),
        Index(
            "ix_deliveries_due",
            "next_attempt_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_deliveries_due_at_receiver",
            "receiver",
            "next_attempt_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_deliveries_failed",
            "endpoint_id",
            "finished_at",
            sqlite_where=text("state = 'failed'"),
            postgresql_where=text("state = 'failed'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)  # version 7: sorts by time of creation
    tenant_id: Mapped[int] = mapped_column(Integer, server_default="0")
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))  # null: a test event
    endpoint_id: Mapped[UUID | None] = mapped_column(Uuid)  # null: to the job's own webhook
    url: Mapped[str] = mapped_column(String(2000))
    receiver: Mapped[str] = mapped_column(String(300), server_default="")  # whose slowness must hold up nobody else
    event: Mapped[EventType | EndpointEvent] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON(none_as_null=True))
    state: Mapped[DeliveryState] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    attempt_count: Mapped[int] = mapped_column(SmallInteger, default=0)
    earlier_attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")  # before it was sent once more
    next_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # null once the state is final
    claim_token: Mapped[UUID | None] = mapped_column(Uuid)
    lease_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class DeliveryAttempt(Base):
    """One try at a delivery, written when it begins and completed when its outcome is known."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (UniqueConstraint("delivery_id", "number"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(SmallInteger)  # from 1
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    status_code: Mapped[int | None] = mapped_column(SmallInteger)
    error: Mapped[str | None] = mapped_column(String(200))
    answer: Mapped[str | None] = mapped_column(String(200))  # its first bytes


# The tables behind the classes, for statements that are built once and run without the ORM: composing a statement takes
# about as long as running it, and interactive texts wait for both.
ENDPOINTS = cast(Table, Endpoint.__table__)
JOBS = cast(Table, Job.__table__)
TEXTS = cast(Table, TextRow.__table__)
KEYS = cast(Table, IdempotencyKey.__table__)
TENANTS = cast(Table, TenantRow.__table__)

# Literals, not parameters: only so does a database see that a partial index holds the rows.
IS_QUEUED: ColumnElement[bool] = TextRow.state == literal_column("'queued'")
IS_RUNNING: ColumnElement[bool] = TextRow.state == literal_column("'running'")


class ServedModel(Base):
    """A model that some worker has served; texts for it are accepted even while no worker is up."""

    __tablename__ = "served_models"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    revision: Mapped[str] = mapped_column(String(16))
    backend: Mapped[str] = mapped_column(String(16))
    arithmetic: Mapped[str | None] = mapped_column(String(16))  # null: served before this was kept
    labels: Mapped[list[str]] = mapped_column(JSON(none_as_null=True))
    max_tokens: Mapped[int] = mapped_column(Integer)
    neutral_threshold: Mapped[float | None]  # calibrated; null: the model has none
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)


class WorkerRow(Base):
    """One worker process alive, as of its last heartbeat."""

    __tablename__ = "workers"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    model: Mapped[str] = mapped_column(String(100))
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int] = mapped_column(Integer)
    parent_pid: Mapped[int] = mapped_column(Integer)
    texts_per_second: Mapped[float]
    batch_tokens: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    progress_at: Mapped[datetime] = mapped_column(UTCDateTime)  # the last claim or stored micro-batch
