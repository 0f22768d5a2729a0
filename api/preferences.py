"""The `Prefer` header (RFC 7240): how long a caller is willing to wait for a job to finish."""

import re

_WAIT = re.compile(r'^\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?:;.*)?$', re.IGNORECASE)


def parse_wait_seconds(prefer: str, max_seconds: float) -> int:
    """Return the seconds of the first `wait` preference, at most `max_seconds`; 0 if there is none that can be read.

    The RFC wants a preference that cannot be understood to be ignored, not refused.
    """
    for preference in prefer.split(","):
        if found := _WAIT.match(preference):
            return min(int(found.group(1)), int(max_seconds))
    return 0
