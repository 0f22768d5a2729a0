"""What is printed once the service is ready: where it is, what to try, where the logs lie, how to stop."""

from collections.abc import Mapping
from typing import Any

from embedded.console import say
from embedded.readiness import Address, Skipped
from embedded.state_folder import StateFolder

READY = """\
✔ 已就绪，用时 {seconds:.1f} 秒 / Ready in {seconds:.1f} s
  自检 / Self-check   {check}
  地址 / Address      {url}
  接口文档 / API      {url}/docs
  试一试 / Try
    curl {url}/api/sentiment{key} -H 'Content-Type: application/json' -d '{{"text": "物流太慢了，包装也破了。"}}'
    curl {url}/v1/jobs{key} -H 'Content-Type: application/json' -H 'Prefer: wait=9' -d '{{"texts": ["很好用", "差"]}}'
  日志 / Logs         {logs}
  停止 / Stop         Ctrl-C"""


CHECKED = "「{text}」 → {emoji} {sentiment} {confidence:.2f}"
KEY = ' -H "Authorization: Bearer $SENTIQ_KEY"'


def announce(address: Address, answer: Mapping[str, Any] | Skipped, state: StateFolder, seconds: float) -> None:
    """Print the service's address, its first answer, and what to do next."""
    check = answer.value if isinstance(answer, Skipped) else CHECKED.format_map(answer)
    key = KEY if answer is Skipped.KEY_NEEDED else ""
    say(READY.format(seconds=seconds, url=address.url, logs=state.logs, check=check, key=key))
