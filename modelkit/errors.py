"""What can go wrong before a model is made; the command line prints these as one line each."""

from shared.errors import SentiqError


class DataError(SentiqError):
    """The labelled file cannot be used as it is."""

    code = "data_invalid"


class CheckpointError(SentiqError):
    """The checkpoint cannot be used as it is."""

    code = "checkpoint_invalid"


class OutputExists(SentiqError):
    """There is something at the output path already."""

    code = "output_exists"


class VerificationFailed(SentiqError):
    """The converted model does not say what ModelScope's own pipeline says."""

    code = "verification_failed"


class HubFailed(SentiqError):
    """The model could not be fetched from the hub."""

    code = "hub_failed"


class NoSpace(SentiqError):
    """There is no space left where the output goes."""

    code = "no_space"


class TrainingDiverged(SentiqError):
    """The loss is no longer a number; nothing can be learned from here."""

    code = "training_diverged"
