"""What is printed once the service is ready: where it is, what to try, where the logs lie, how to stop."""

from collections.abc import Mapping
from typing import Any

from embedded.console import say
from embedded.readiness import Address
from embedded.state_folder import StateFolder

READY = """\
✔ 已就绪，用时 {seconds:.1f} 秒 / Ready in {seconds:.1f} s
  自检 / Self-check   {check}
  地址 / Address      {url}
  接口文档 / API      {url}/docs
  试一试 / Try
    curl {url}/api/sentiment -H 'Content-Type: application/json' -d '{{"text": "物流太慢了，包装也破了。"}}'
    curl {url}/v1/jobs -H 'Content-Type: application/json' -H 'Prefer: wait=10' -d '{{"texts": ["很好用", "太差了"]}}'
  日志 / Logs         {logs}
  停止 / Stop         Ctrl-C"""


CHECKED = "「{text}」 → {emoji} {sentiment} {confidence:.2f}"
SKIPPED = "队列已满，跳过 / skipped, the queue is full"


def announce(address: Address, answer: Mapping[str, Any] | None, state: StateFolder, seconds: float) -> None:
    """Print the service's address, its first answer, and what to do next."""
    check = SKIPPED if answer is None else CHECKED.format_map(answer)
    say(READY.format(seconds=seconds, url=address.url, logs=state.logs, check=check))
