"""Everything that decides the outcome of a training run; it is kept in the model's manifest."""

from dataclasses import dataclass

from transformers import BertConfig


@dataclass(frozen=True, slots=True)
class Recipe:
    """The sizes and rates of the bundled model: on one core half an hour of pretraining, then an hour of training."""

    layers: int = 4
    hidden: int = 256
    heads: int = 4
    intermediate: int = 1024
    max_positions: int = 512
    max_tokens: int = 256
    pretraining_epochs: int = 0
    epochs: int = 5
    whole_epochs: int = 2  # the last ones, with texts of max_tokens; those before crop to crop_tokens, to save time
    crop_tokens: int = 128
    learning_rate: float = 5e-4
    warmup: float = 0.1
    weight_decay: float = 0.01
    label_smoothing: float = 0.05
    dropout: float = 0.1
    mask_rate: float = 0.12
    teacher_share: float = 0.5  # of a text's target, the rest is its label
    recombined_share: float = 0.3  # of the texts, replaced in each epoch by new ones made of clauses
    credit_weight: float = 0.5
    restore_weight: float = 0.2
    restoring_share: float = 0.75  # of the epochs
    batch_tokens: int = 4096
    seed: int = 7
    sources: tuple[str, ...] = ()  # the corpora that the texts come from

    def build_config(self, vocabulary_size: int) -> BertConfig:
        """Return the network's description for transformers."""
        return BertConfig(  # type: ignore[no-untyped-call]
            vocab_size=vocabulary_size,
            hidden_size=self.hidden,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            intermediate_size=self.intermediate,
            max_position_embeddings=self.max_positions,
            hidden_dropout_prob=self.dropout,
            attention_probs_dropout_prob=self.dropout,
            num_labels=2,
            attn_implementation="sdpa",
        )
