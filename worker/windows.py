"""Cuts long texts into overlapping windows, so that nothing is dropped silently. Pure."""

from dataclasses import dataclass

OVERLAP_SHARE = 8  # an eighth of a window is seen twice, so that no phrase is judged only by its half


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens `start` to `stop` of a text, `fresh` of which no earlier window had."""

    start: int
    stop: int
    fresh: int


def split_windows(token_count: int, max_tokens: int) -> list[Window]:
    """Cover `token_count` tokens with windows of at most `max_tokens`; the last one ends where the text ends."""
    if token_count <= max_tokens:
        return [Window(0, token_count, token_count)]
    step = max_tokens - max_tokens // OVERLAP_SHARE
    windows = [Window(0, max_tokens, max_tokens)]
    while windows[-1].stop < token_count:
        covered = windows[-1].stop
        stop = min(windows[-1].start + step + max_tokens, token_count)
        # The last window is moved back rather than cut short: a few tokens alone would say little.
        windows.append(Window(stop - max_tokens, stop, stop - covered))
    return windows
