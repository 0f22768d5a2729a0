"""`python deploy/healthcheck.py PORT`: whether the process in this container is well, as a container's engine asks it.

Only what Python brings along, and quick to start, since it is run every few seconds.
"""

import http.client
import sys

SECONDS = 4


def is_well(port: int) -> bool:
    """Return whether `/health/live` on this port answers 200 within four seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_well(int(sys.argv[1])) else 1)
