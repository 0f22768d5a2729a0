"""Celery as this project uses it: a message only wakes a worker, so none may block, pile up or be trusted.

Each option that is off its default says what breaks without it; the figures are in docs/decisions/.
"""

from celery import Celery

from shared.broker import plan_transport
from shared.settings import Settings
from worker.transport import drop_bad_messages

TASK_SECONDS = 60
VISIBILITY_SECONDS = 2 * TASK_SECONDS  # beyond the longest task, or Redis would deliver it twice


def create_worker_app(settings: Settings) -> Celery:
    """Return an app for a worker or a courier; its command line names the queue that it consumes."""
    drop_bad_messages()
    app = Celery("sentiq", broker=settings.required_broker_url)
    app.conf.update(
        accept_content=["json"],  # a pickle message could run code
        task_serializer="json",
        task_ignore_result=True,
        task_acks_late=True,  # early, and a killed worker loses its ticket
        task_reject_on_worker_lost=False,  # a text that kills its worker would come back for ever
        task_time_limit=TASK_SECONDS,
        task_soft_time_limit=TASK_SECONDS - 10,
        worker_prefetch_multiplier=1,  # tickets reserved by a busy child would reach no idle one
        worker_enable_remote_control=True,  # without it the worker can wedge after a broker restart
        worker_hijack_root_logger=False,  # logs are ours, and structured
        worker_proc_alive_timeout=TASK_SECONDS,  # 4 s by default: too short to load a large model
        worker_cancel_long_running_tasks_on_connection_loss=False,  # the rows, not the broker, own the work
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=plan_transport(
            settings,
            visibility_timeout=VISIBILITY_SECONDS,
            # Without these two the tickets of a killed worker come back after 100 s instead of 6.
            unacked_restore_interval=5,
            unacked_restore_throttle=1,
            socket_connect_timeout=2,
            socket_keepalive=True,
            health_check_interval=10,
            # No socket_timeout here: it wedges a waiting worker.
        ),
    )
    return app
