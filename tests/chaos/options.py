"""What one run of chaos is made of."""

from dataclasses import dataclass

from tests.chaos.mutants import Mutant


@dataclass(frozen=True, slots=True)
class Options:
    """One seed on one database and one broker; the defaults are a twelfth of the full form."""

    seed: int = 1
    database: str = "sqlite"  # or postgresql
    append_only: bool = False  # whether the broker keeps its queue on disk
    seconds: float = 150
    faults: int = 25
    texts: int = 42_000
    poisons: int = 3
    drain_seconds: float = 180  # at most, after the last fault, for all that is unfinished
    only: tuple[str, ...] = ()  # kinds of fault; empty: all
    mutant: Mutant | None = None

    @property
    def name(self) -> str:
        """Return a short name for tables and folders."""
        words = [f"seed-{self.seed}", self.database, f"aof-{'on' if self.append_only else 'off'}", self.mutant]
        return " ".join(word for word in words if word)
