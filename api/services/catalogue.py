"""Knows which models can be asked for: those that some worker has served, and the default one."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.core import Core
from api.services.progress import find_last_sign_of_life
from shared.errors import ModelUnknown
from shared.models import ServedModel, WorkerRow
from shared.queries import workers
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One model; `served` is None until a worker has served it."""

    name: str
    is_default: bool
    served: ServedModel | None
    alive: Sequence[WorkerRow]


def choose_model(session: Session, settings: Settings, name: str | None) -> str:
    """Return the model to use: the named one, or the default.

    Raises:
        ModelUnknown: no worker ever served a model of this name.
    """
    if name is None or name == settings.model_name:
        return settings.model_name
    if workers.find_served_model(session, name) is None:
        known = ", ".join(_list_names(session, settings))
        raise ModelUnknown(f"There is no model {name!r}. Those there are: {known}.")
    return name


def list_catalogue(core: Core) -> list[CatalogueEntry]:
    """Return every model that texts are accepted for, the default one first."""
    with core.database.reading() as session:
        served = {model.name: model for model in workers.list_served_models(session)}
        alive = workers.list_live(session, find_last_sign_of_life(core.settings, core.clock))
        return [
            CatalogueEntry(
                name=name,
                is_default=name == core.settings.model_name,
                served=served.get(name),
                alive=[worker for worker in alive if worker.model == name],
            )
            for name in _list_names(session, core.settings)
        ]


def _list_names(session: Session, settings: Settings) -> list[str]:
    others = [model.name for model in workers.list_served_models(session) if model.name != settings.model_name]
    return [settings.model_name, *others]
