"""Whether the process lives, and whether texts sent now would be scored."""

from dataclasses import asdict
from http import HTTPStatus

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api.access import public
from api.core import get_core
from api.document import SERVICE, describe_answer, describe_problems
from api.responses import respond
from api.schemas.health import Checks, Liveness, Readiness
from api.services.readiness import examine

blueprint = APIBlueprint("health", __name__, abp_tags=[SERVICE])

RETRY_SECONDS = "2"


@blueprint.get(
    "/health/live",
    summary="进程是否活着 / Say that the process answers",
    operation_id="check_liveness",
    responses={**describe_problems(), "200": describe_answer("The process answers.", Liveness)},
)
@public
def check_liveness() -> Response:
    """Say that the process answers; asks nothing else."""
    return respond(Liveness())


@blueprint.get(
    "/health/ready",
    summary="现在提交能否打分 / Say whether texts sent now would be scored",
    operation_id="check_readiness",
    responses={
        **describe_problems(),
        "200": describe_answer("Everything is there.", Readiness),
        "503": describe_answer("Something is missing; `checks` says what.", Readiness, "Retry-After"),
    },
)
@public
def check_readiness() -> Response:
    """Say whether texts sent now would be scored: asks the database, the broker and the workers."""
    findings = examine(get_core())
    checks = Checks.model_validate(asdict(findings))
    if findings.are_good:
        return respond(Readiness(status="ready", checks=checks))
    readiness = Readiness(status="not_ready", checks=checks)
    return respond(readiness, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": RETRY_SECONDS})
