"""Metrics for Prometheus."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from api.access import needs
from api.core import get_core
from api.document import SERVICE, describe_problems
from api.measurements import render_metrics
from shared.scopes import Scope

blueprint = APIBlueprint("metrics", __name__, abp_tags=[SERVICE])


@blueprint.get(
    "/metrics",
    summary="Prometheus 指标 / Return metrics in Prometheus' text format",
    operation_id="read_metrics",
    responses={
        **describe_problems(),
        "200": {"description": "Prometheus' text format.", "content": {"text/plain": {"schema": {"type": "string"}}}},
    },
)
@needs(Scope.ADMIN)
def read_metrics() -> Response:
    """Return requests, backlog, workers and speed in Prometheus' text format."""
    return Response(render_metrics(get_core()), content_type=CONTENT_TYPE_PLAIN_0_0_4)
