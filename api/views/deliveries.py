"""Deliveries: what became of the events of a job, and one more try."""

from http import HTTPStatus

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api.access import needs
from api.core import get_core
from api.cursors import decode_deliveries_cursor
from api.document import WEBHOOKS, describe_answer, describe_problems
from api.identity import get_identity
from api.responses import respond
from api.schemas.jobs import JobPath
from api.schemas.webhooks import (
    DeliveriesQuery,
    Delivery,
    DeliveryPage,
    DeliveryPath,
    present_deliveries,
    present_delivery,
)
from api.services import redelivery
from api.services.webhooks import list_deliveries
from shared.scopes import Scope

blueprint = APIBlueprint("deliveries", __name__, abp_tags=[WEBHOOKS])


@blueprint.get(
    "/v1/jobs/<job_id>/deliveries",
    summary="任务的回调投递记录 / List the webhook deliveries of a job",
    operation_id="list_deliveries",
    responses={
        **describe_problems("job_not_found", "validation_error", "cursor_invalid"),
        "200": describe_answer(
            "The job's webhook events, the oldest first, each with its last 50 attempts.", DeliveryPage
        ),
    },
)
@needs(Scope.READ)
def list_deliveries_of_job(path: JobPath, query: DeliveriesQuery) -> Response:
    """List the webhook deliveries of a job, each with the attempts made so far, the last 50 at most."""
    after = decode_deliveries_cursor(query.cursor) if query.cursor is not None else None
    tenant_id = get_identity().tenant_id
    rows, attempts = list_deliveries(get_core(), tenant_id, path.parse_id(), limit=query.limit, after=after)
    return respond(present_deliveries(rows, attempts, query.limit))


@blueprint.post(
    "/v1/deliveries/<delivery_id>/redeliver",
    summary="重发一个事件 / Send one event once more",
    operation_id="redeliver",
    responses={
        **describe_problems("delivery_not_found", "webhook_disabled", "too_many_attempts"),
        "202": describe_answer("Due again, under the same `webhook-id` and with all its attempts ahead.", Delivery),
    },
)
@needs(Scope.WEBHOOKS)
def redeliver(path: DeliveryPath) -> Response:
    """Send one event once more, whether it was delivered, given up or is still waiting for its next attempt."""
    row, attempts = redelivery.redeliver(get_core(), get_identity().tenant_id, path.parse_id())
    return respond(present_delivery(row, attempts), HTTPStatus.ACCEPTED)
