"""What can keep the service from starting; each message says what is wrong, where, and what to do, in one line."""

from shared.errors import SentiqError


class LaunchError(SentiqError):
    """The service could not be started."""

    code = "launch_failed"
