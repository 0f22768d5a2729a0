"""Registered webhooks: signed messages about all jobs of a tenant, and the means to look after them."""

from http import HTTPStatus

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api.access import needs
from api.core import get_core
from api.cursors import decode_deliveries_cursor, decode_endpoints_cursor
from api.document import WEBHOOKS, describe_answer, describe_problems
from api.identity import get_identity
from api.responses import respond
from api.schemas.endpoints import (
    CreateEndpoint,
    Endpoint,
    EndpointDeliveriesQuery,
    EndpointPage,
    EndpointPath,
    EndpointsQuery,
    EndpointWithSecret,
    Redelivered,
    RedeliverFailed,
    UpdateEndpoint,
    present_endpoint,
    present_endpoints,
    present_new_secret,
    present_redelivered,
)
from api.schemas.webhooks import Delivery, DeliveryPage, present_deliveries, present_delivery
from api.services import endpoints, redelivery
from shared.scopes import Scope

blueprint = APIBlueprint("webhooks", __name__, abp_tags=[WEBHOOKS])

_BODY_PROBLEMS = ("body_invalid", "body_too_large", "content_type_unsupported", "validation_error")


@blueprint.post(
    "/v1/webhooks",
    summary="注册回调地址 / Register a webhook",
    operation_id="create_webhook",
    responses={
        **describe_problems(*_BODY_PROBLEMS, "webhook_url_refused", "webhook_keys_missing", "too_many_webhooks"),
        "201": describe_answer("Registered; its secret is shown here only.", EndpointWithSecret, "Location"),
    },
)
@needs(Scope.WEBHOOKS)
def create_webhook(body: CreateEndpoint) -> Response:
    """Register a webhook: from now on it is told of all jobs.

    The answer holds the secret that verifies what it is sent; it is not shown again.
    """
    new = endpoints.create_endpoint(
        get_core(), get_identity().tenant_id, url=body.url, events=body.events, description=body.description
    )
    answer = present_new_secret(new)
    return respond(answer, HTTPStatus.CREATED, {"Location": answer.links.self})


@blueprint.get(
    "/v1/webhooks",
    summary="回调地址列表，新的在前 / List webhooks, the newest first",
    operation_id="list_webhooks",
    responses={
        **describe_problems("validation_error", "cursor_invalid"),
        "200": describe_answer("Webhooks, the newest first.", EndpointPage),
    },
)
@needs(Scope.WEBHOOKS)
def list_webhooks(query: EndpointsQuery) -> Response:
    """List webhooks, the newest first."""
    before = decode_endpoints_cursor(query.cursor) if query.cursor is not None else None
    rows = endpoints.list_endpoints(get_core(), get_identity().tenant_id, limit=query.limit, before=before)
    return respond(present_endpoints(rows, query.limit))


@blueprint.get(
    "/v1/webhooks/<webhook_id>",
    summary="查看回调地址 / Show a webhook",
    operation_id="read_webhook",
    responses={
        **describe_problems("webhook_not_found"),
        "200": describe_answer("The webhook as it is now, and why it is disabled if it is.", Endpoint),
    },
)
@needs(Scope.WEBHOOKS)
def read_webhook(path: EndpointPath) -> Response:
    """Show a webhook: whether it is enabled, and since when it fails."""
    return respond(present_endpoint(endpoints.read_endpoint(get_core(), get_identity().tenant_id, path.parse_id())))


@blueprint.patch(
    "/v1/webhooks/<webhook_id>",
    summary="修改、停用或启用回调地址 / Change, disable or enable a webhook",
    operation_id="update_webhook",
    responses={
        **describe_problems(*_BODY_PROBLEMS, "webhook_not_found", "webhook_url_refused"),
        "200": describe_answer("The webhook as it is now.", Endpoint),
    },
)
@needs(Scope.WEBHOOKS)
def update_webhook(path: EndpointPath, body: UpdateEndpoint) -> Response:
    """Change a webhook's address, events or note, and disable or enable it.

    Disabling gives up what waits for it. Enabling does not bring that back: send it once more with `/redeliver`.
    """
    row = endpoints.update_endpoint(get_core(), get_identity().tenant_id, path.parse_id(), body.to_change())
    return respond(present_endpoint(row))


@blueprint.delete(
    "/v1/webhooks/<webhook_id>",
    summary="删除回调地址 / Delete a webhook",
    operation_id="delete_webhook",
    responses={
        **describe_problems("webhook_not_found"),
        "204": describe_answer("Deleted, with its secrets."),
    },
)
@needs(Scope.WEBHOOKS)
def delete_webhook(path: EndpointPath) -> Response:
    """Delete a webhook; what was sent to it stays in the deliveries of its jobs."""
    endpoints.delete_endpoint(get_core(), get_identity().tenant_id, path.parse_id())
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.post(
    "/v1/webhooks/<webhook_id>/rotate-secret",
    summary="更换密钥，旧密钥仍签名一段时间 / Give a webhook a new secret",
    operation_id="rotate_webhook_secret",
    responses={
        **describe_problems("webhook_not_found", "webhook_keys_missing"),
        "200": describe_answer("The webhook with its new secret, which is shown here only.", EndpointWithSecret),
    },
)
@needs(Scope.WEBHOOKS)
def rotate_webhook_secret(path: EndpointPath) -> Response:
    """Give a webhook a new secret; for a day, both it and the one before sign every message."""
    return respond(present_new_secret(endpoints.rotate_secret(get_core(), get_identity().tenant_id, path.parse_id())))


@blueprint.post(
    "/v1/webhooks/<webhook_id>/test",
    summary="发送测试事件 / Send a test event",
    operation_id="test_webhook",
    responses={
        **describe_problems("webhook_not_found", "webhook_disabled"),
        "202": describe_answer("Stored, and sent at once.", Delivery),
    },
)
@needs(Scope.WEBHOOKS)
def test_webhook(path: EndpointPath) -> Response:
    """Send a `webhook.test` event; what came of it stands in the webhook's deliveries."""
    row = redelivery.send_test(get_core(), get_identity().tenant_id, path.parse_id())
    return respond(present_delivery(row, ()), HTTPStatus.ACCEPTED)


@blueprint.get(
    "/v1/webhooks/<webhook_id>/deliveries",
    summary="回调地址的投递记录，新的在前 / List the deliveries to a webhook",
    operation_id="list_webhook_deliveries",
    responses={
        **describe_problems("webhook_not_found", "validation_error", "cursor_invalid"),
        "200": describe_answer(
            "Deliveries to the webhook, the newest first, with the last 50 attempts of each.", DeliveryPage
        ),
    },
)
@needs(Scope.WEBHOOKS)
def list_webhook_deliveries(path: EndpointPath, query: EndpointDeliveriesQuery) -> Response:
    """List the deliveries to a webhook, the newest first, each with the attempts made so far, the last 50 at most."""
    before = decode_deliveries_cursor(query.cursor) if query.cursor is not None else None
    rows, attempts = redelivery.list_endpoint_deliveries(
        get_core(), get_identity().tenant_id, path.parse_id(), limit=query.limit, before=before, state=query.state
    )
    return respond(present_deliveries(rows, attempts, query.limit))


@blueprint.post(
    "/v1/webhooks/<webhook_id>/redeliver",
    summary="重发某时刻以来失败的全部事件 / Send all that failed since a moment once more",
    operation_id="redeliver_failed",
    responses={
        **describe_problems(*_BODY_PROBLEMS, "webhook_not_found", "webhook_disabled"),
        "202": describe_answer("Due again, each under its old `webhook-id`.", Redelivered),
    },
)
@needs(Scope.WEBHOOKS)
def redeliver_failed(path: EndpointPath, body: RedeliverFailed) -> Response:
    """Send all deliveries to a webhook once more that were given up since a moment."""
    count = redelivery.redeliver_failed(get_core(), get_identity().tenant_id, path.parse_id(), body.since)
    return respond(present_redelivered(count), HTTPStatus.ACCEPTED)
