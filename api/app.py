"""Makes the Flask application: the one place of the API that wires objects."""

from threading import BoundedSemaphore

from flask_openapi3.openapi import OpenAPI

from api import headers
from api.accounts import limit_requests
from api.authentication import authenticate_requests, authorize_requests
from api.core import EXTENSION, Core
from api.document import INFO, SECURITY_SCHEMES, SERVERS
from api.errors import register_error_handlers
from api.json_body import StrictRequest
from api.request_log import log_requests
from api.schemas.base import Limits
from api.schemas.problems import Problem
from api.services.keyring import Keyring
from api.services.metering import Meter
from api.validation import refuse_validation
from api.views import deliveries, docs, events, health, jobs, metrics, models, results, sentiment, webhooks
from api.waiting import WaitingRoom
from shared.clock import Clock, SystemClock
from shared.database import Database
from shared.queue import CeleryTaskQueue
from shared.settings import Settings

MAX_POOL_SIZE = 20
# Threads that nobody holds for long, so that somebody answers while all seats are taken.
FREE_THREADS_SHARE = 4


class SentiqAPI(OpenAPI):
    """A Flask application that reads JSON strictly."""

    request_class = StrictRequest


def build_core(settings: Settings, clock: Clock | None = None) -> Core:
    """Return the ways out of this process; nothing is connected yet."""
    queue, clock = CeleryTaskQueue(settings), clock or SystemClock()
    database = Database(settings.resolved_database_url, min(settings.api_threads, MAX_POOL_SIZE))
    room = WaitingRoom(settings.api_threads - max(1, settings.api_threads // FREE_THREADS_SHARE))
    return Core(
        settings=settings,
        database=database,
        queue=queue,
        ping_broker=queue.ping,
        clock=clock,
        room=room,
        keyring=Keyring(database, clock),
        meter=Meter(settings),
        # Each takes a seat as well, but of few seats they leave half to those that wait.
        uploads=BoundedSemaphore(min(settings.uploads_at_once, (room.capacity + 1) // 2)),
    )


def create_app(core: Core) -> OpenAPI:
    """Return the application around this core."""
    app = SentiqAPI(
        __name__,
        info=INFO,
        servers=SERVERS,
        doc_ui=False,
        security_schemes=SECURITY_SCHEMES,
        static_folder=None,  # a route that nobody needs is a route to guard
        # Every operation describes its own errors, so flask-openapi3 has none to add under this key.
        validation_error_status="default",
        validation_error_model=Problem,
        validation_error_callback=refuse_validation,
    )
    limits = Limits.from_settings(core.settings)
    app.extensions[EXTENSION] = core
    app.config["MAX_CONTENT_LENGTH"] = core.settings.max_body_bytes
    log_requests(app, limits)
    authenticate_requests(app)
    limit_requests(app)
    authorize_requests(app)
    headers.set_common_headers(app, core.settings)
    register_error_handlers(app)
    for module in (sentiment, jobs, results, events, webhooks, deliveries, models, health, metrics):
        app.register_api(module.blueprint)
    docs.register_docs(app, limits)
    return app
