"""What every request needs, wired once by `create_app` and found again from anywhere inside a request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import cast

from flask import current_app

from api.services.keyring import Keyring
from api.services.metering import Meter
from api.services.standing import Lookout
from api.waiting import WaitingRoom
from shared.clock import Clock
from shared.database import Database
from shared.queue import TaskQueue
from shared.settings import Settings

EXTENSION = "sentiq"


@dataclass(frozen=True, slots=True)
class Core:
    """The settings and the ways out of this process."""

    settings: Settings
    database: Database
    queue: TaskQueue
    ping_broker: Callable[[], None]  # raises redis.RedisError unless the broker answers
    clock: Clock
    room: WaitingRoom
    keyring: Keyring
    meter: Meter
    uploads: BoundedSemaphore  # the places for uploads, each of which holds a thread for long
    lookout: Lookout = field(default_factory=Lookout)


def get_core() -> Core:
    """Return the core of the application that serves this request."""
    return cast(Core, current_app.extensions[EXTENSION])
