"""Everything that decides the outcome of fine-tuning; it is kept in the model's manifest."""

from dataclasses import dataclass

ADAPTER_RATE = 5e-4  # a low-rank update starts at nothing and may move fast
FULL_RATE = 3e-5  # moving every weight faster than this unlearns what pretraining taught (Devlin et al., 2019)


@dataclass(frozen=True, slots=True)
class FinetuningRecipe:
    """The rates of fine-tuning; `rank` is that of LoRA's update, and without it every weight learns."""

    epochs: int = 5
    patience: int = 2  # epochs without a better one on the dev set, before the run ends
    learning_rate: float = ADAPTER_RATE
    rank: int | None = 8
    adapter_dropout: float = 0.05
    warmup: float = 0.1
    weight_decay: float = 0.01
    batch_tokens: int = 1024
    seed: int = 7
    sources: tuple[str, ...] = ()  # the corpora that the texts come from

    @property
    def method(self) -> str:
        """Return what learns, as manifest and card say it."""
        return f"LoRA, rank {self.rank}" if self.rank else "every weight"
