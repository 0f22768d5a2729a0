"""The models that can be asked for, and who serves them."""

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from api.access import needs
from api.core import get_core
from api.document import SERVICE, describe_answer, describe_problems
from api.responses import respond
from api.schemas.models import Model, ModelList
from api.services.catalogue import CatalogueEntry, list_catalogue
from shared.scopes import Scope
from shared.states import Label

blueprint = APIBlueprint("models", __name__, abp_tags=[SERVICE])


@blueprint.get(
    "/v1/models",
    summary="可用的模型 / List the models that texts are accepted for",
    operation_id="list_models",
    responses={**describe_problems(), "200": describe_answer("The models, the default one first.", ModelList)},
)
@needs(Scope.READ, Scope.SUBMIT)
def list_models() -> Response:
    """List the models that texts are accepted for."""
    return respond(ModelList(data=[_present(entry) for entry in list_catalogue(get_core())]))


def _present(entry: CatalogueEntry) -> Model:
    served = entry.served
    return Model(
        name=entry.name,
        is_default=entry.is_default,
        revision=served.revision if served else None,
        backend=served.backend if served else None,
        arithmetic=served.arithmetic if served else None,
        labels=[Label(label) for label in served.labels] if served else None,
        max_tokens=served.max_tokens if served else None,
        neutral_threshold=served.neutral_threshold if served else None,
        live_workers=len(entry.alive),
        texts_per_second=round(sum(worker.texts_per_second for worker in entry.alive), 1),
        seen_at=served.seen_at if served else None,
    )
