"""How much one key may ask for: requests a minute, texts a day, texts waiting at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quotas:
    """The quotas of one key or of the service; 0: no limit, None: nothing is said here."""

    requests_per_minute: int | None = None
    texts_per_day: int | None = None
    waiting_texts: int | None = None

    def over(self, defaults: "Quotas") -> "Quotas":
        """Return these quotas, and those of `defaults` where nothing is said."""
        return Quotas(
            _choose(self.requests_per_minute, defaults.requests_per_minute),
            _choose(self.texts_per_day, defaults.texts_per_day),
            _choose(self.waiting_texts, defaults.waiting_texts),
        )


def _choose(own: int | None, default: int | None) -> int | None:
    return default if own is None else own
