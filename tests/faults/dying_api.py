"""An API whose process dies between the commit and the publish, as a crash at the worst moment would have it."""

import os
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from werkzeug.serving import run_simple

from api.app import build_core, create_app
from shared.queries.jobs import Finished
from shared.settings import load_settings


class DeadlyQueue:
    """Ends the process instead of sending."""

    def nudge(self, model: str, texts: int) -> None:
        os._exit(9)

    def announce_finished(self, finished: Finished) -> None:
        os._exit(9)

    def nudge_deliveries(self, delivery_ids: Iterable[UUID]) -> None:
        os._exit(9)


if __name__ == "__main__":
    settings = load_settings()
    core = replace(build_core(settings), queue=DeadlyQueue())
    run_simple(settings.host, settings.port, create_app(core), threaded=True)
