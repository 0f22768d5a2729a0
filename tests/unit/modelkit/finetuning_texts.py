"""Own sentences, a small checkpoint and both together, for the tests of fine-tuning."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from modelkit.data import Review
from modelkit.finetuning.material import Material, prepare_material
from modelkit.finetuning.recipe import FinetuningRecipe
from tests.checkpoints import write_checkpoint

GOOD, BAD, PLAIN = "干净", "差", "一般"  # as all characters here, known to the tiny checkpoint
THINGS, DEGREES, ENDINGS = ("房间", "服务", "东西", "小时", "mp3"), ("很", "也", "太"), ("！", "吧")
RECIPE = FinetuningRecipe(epochs=4, patience=4, learning_rate=1e-2, rank=4, batch_tokens=64, seed=11)


def make_reviews(label: int, word: str, things: Sequence[str] = THINGS) -> list[Review]:
    """Return different texts of one label, six of each thing."""
    return [Review("酒店", label, "".join((t, d, word, e))) for t, d, e in product(things, DEGREES, ENDINGS)]


LEARNED = [*make_reviews(1, GOOD), *make_reviews(0, BAD)]
DEV = [*make_reviews(1, GOOD, ["客服"]), *make_reviews(0, BAD, ["客服"])]


def make_material(folder: Path) -> Material:
    """Return the sentences with a tiny checkpoint, written into `folder`, that learns them."""
    return prepare_material(write_checkpoint(folder / "tiny-base"), (LEARNED, DEV), lambda _: None)


def write_csv(path: Path, reviews: Sequence[Review]) -> Path:
    """Write the reviews as the command reads them."""
    rows = [f"{review.domain},{review.label},{review.text}\n" for review in reviews]
    path.write_text("domain,label,text\n" + "".join(rows), encoding="utf-8")
    return path
