"""How long texts are cut, which is pure."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from worker.windows import split_windows


@given(st.integers(0, 5_000), st.integers(8, 600))
def test_windows_cover_every_token_once_as_fresh(token_count: int, max_tokens: int) -> None:
    windows = split_windows(token_count, max_tokens)

    fresh = [token for window in windows for token in range(window.stop - window.fresh, window.stop)]
    assert fresh == list(range(token_count))
    assert all(0 <= window.stop - window.start <= max_tokens for window in windows)


@given(st.integers(0, 5_000), st.integers(8, 600))
def test_windows_overlap_and_the_last_is_full(token_count: int, max_tokens: int) -> None:
    windows = split_windows(token_count, max_tokens)

    for earlier, later in itertools.pairwise(windows):
        assert earlier.stop - later.start >= max_tokens // 8
    if len(windows) > 1:
        assert windows[-1].stop - windows[-1].start == max_tokens


def test_a_text_that_fits_is_one_window() -> None:
    assert [(w.start, w.stop, w.fresh) for w in split_windows(10, 10)] == [(0, 10, 10)]
