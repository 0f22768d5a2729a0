"""The application that gunicorn serves; imported in each of its processes after the fork."""

from api.app import build_core, create_app
from api.listening import FinishedListener
from shared.logging import configure_logging
from shared.settings import load_settings

settings = load_settings()
configure_logging(settings, "api")
core = build_core(settings)
listener = FinishedListener(settings, core.room)
listener.start()
app = create_app(core)
