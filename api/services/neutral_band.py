"""Settles the threshold of a job's neutral band when the job is accepted, so that all its texts have the same one."""

from typing import Literal

from sqlalchemy.orm import Session

from api.request_errors import NeutralBandUnavailable
from shared.queries import workers
from shared.states import Label

NeutralBand = Literal[True] | float | None  # the model's own threshold, one of the caller's, or no band


def choose_neutral_threshold(session: Session, model: str, band: NeutralBand) -> float | None:
    """Return below which score a text of this job counts as neutral, or None for no band.

    Raises:
        NeutralBandUnavailable: the model has no threshold, or a neutral label of its own.
    """
    if band is None:
        return None
    served = workers.find_served_model(session, model)
    if served is not None and Label.NEUTRAL in served.labels:
        raise NeutralBandUnavailable(
            f"The model {model!r} finds neutral texts by itself, so it has no neutral band: leave `neutral_band` out."
        )
    if band is not True:
        return band
    if served is None:
        raise NeutralBandUnavailable(
            f"No worker has served the model {model!r} yet, so its threshold is not known. "
            "Send a threshold of your own, from 0.5 to 1, or try again once GET /v1/models shows `neutral_threshold`."
        )
    if served.neutral_threshold is None:
        raise NeutralBandUnavailable(
            f"The model {model!r} has no calibrated threshold: send one of your own, from 0.5 to 1, e.g. 0.8."
        )
    return served.neutral_threshold
