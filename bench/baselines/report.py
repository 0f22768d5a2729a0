"""Writes docs/baselines.md: what was compared, with which versions, and the table."""

import re
from collections.abc import Sequence
from pathlib import Path

from bench.baselines.comparison import Texts, Way
from bench.baselines.contenders import ARTICLE_PROCESSES, BEST_BATCHING, CLIENTS, DOCUMENTED_BATCHING, Batching
from bench.baselines.environments import BASELINES, TORCH_LOCK
from bench.report import Row, describe_machine, format_table
from shared.settings import Settings
from worker.model_directory import load_manifest


def write_report(model_dir: Path, texts: Texts, rounds: int, rows: Sequence[Row]) -> str:
    """Return the document; `model_dir` is what sentiq served."""
    return "\n".join(
        [_HEAD, *describe_machine(), *_describe_run(model_dir, texts, rounds), "", *format_table(rows), ""]
    )


def _describe_batching(batching: Batching) -> str:
    return f"{batching.max_size} texts, {batching.timeout_seconds} s"


_HEAD = f"""# 与其他服务的对比 / Compared with other services

由 `make bench-baselines` 写成。首次运行会把两个对照服务各自的依赖装进 `.cache/baselines/`（约 2 GB，需几分钟），
此后一次约十分钟。所有服务跑同一个随机权重的 base 规模 StructBERT：速度与权重无关。各服务轮流启动、单独运行，
取多轮的中位数，括号里是各轮的范围；比值在同一轮之内计算。绝对数字只对下面写明的机器有效。

Written by `make bench-baselines`. Its first run installs what the two baselines need into `.cache/baselines/` (about
2 GB, some minutes); later runs take about ten minutes. All services run one base-size StructBERT with random weights,
since speed does not depend on them. They are started in turn, one at a time, in rounds: a figure is the median of the
rounds, in brackets their range, and a ratio compares two figures of one round. Absolute figures hold for the machine
named here only. The texts are our own, with the lengths of real reviews (`bench/texts.py`).

- article's service (`bench/baselines/article/app.py`): Flask and gunicorn with {ARTICLE_PROCESSES} processes,
  ModelScope's pipeline, one text a request, cut at 512 characters. The pipeline pads every text to 512 tokens.
- unpadded: the same with `padding=True` (to the longest text of a request, which is the only one), one word that the
  article could have added; one thread a process: that, and `OMP_NUM_THREADS=1`, without which the processes take the
  cores from each other. The fairest measure of what is gained beyond a careful use of the pipeline.
- LitServe (`bench/baselines/litserve/app.py`): dynamic int8 by ONNX Runtime's own quantizer, one worker a core,
  {CLIENTS} clients with one text each. Documented batches: {_describe_batching(DOCUMENTED_BATCHING)}, as in the
  example of its documentation; best batches: {_describe_batching(BEST_BATCHING)}, the best of those tried here.
- sentiq as `make run` starts it, with the model set, and room and time for {CLIENTS} waiting callers
  (`SENTIQ_API_THREADS`, `SENTIQ_SENTIMENT_WAIT_SECONDS`). It cuts nothing: a text longer than the model's window is
  scored in several.
"""


def _describe_run(model_dir: Path, texts: Texts, rounds: int) -> list[str]:
    settings, manifest = Settings(), load_manifest(model_dir)
    torch = TORCH_LOCK.read_text(encoding="utf-8").strip()
    return [
        f"- article: {_read_pins('article', 'modelscope', 'transformers', 'flask', 'gunicorn')}, {torch}",
        f"- LitServe: {_read_pins('litserve', 'litserve', 'onnxruntime', 'tokenizers')}",
        f"- sentiq: {manifest.identity}, backend {settings.backend}, {settings.workers} workers × "
        f"{settings.threads_per_worker} threads",
        f"- rounds: {rounds}; texts a round, and their mean length in characters: "
        + "; ".join(f"{way}: {len(texts[way])}, {_average_chars(texts[way]):.0f}" for way in Way),
    ]


def _read_pins(name: str, *packages: str) -> str:
    lock = (BASELINES / name / "requirements.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))
    return ", ".join(f"{package}=={pins[package]}" for package in packages)


def _average_chars(texts: Sequence[str]) -> float:
    return sum(map(len, texts)) / len(texts)
