"""What a key may be good for; each route of the API names the scopes that open it."""

from enum import StrEnum


class Scope(StrEnum):
    """One kind of permission; none includes another."""

    SUBMIT = "submit"  # send texts, cancel and delete jobs
    READ = "read"  # follow jobs, read results and the log of deliveries
    WEBHOOKS = "webhooks"  # manage endpoints, deliver again
    ADMIN = "admin"  # see how the whole service does
