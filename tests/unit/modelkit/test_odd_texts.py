"""The built-in texts are many, different, always the same, and of the kinds that they promise."""

import unicodedata

from modelkit.odd_texts import EDGE_CASES, SEEDS, list_odd_texts


def test_there_are_at_least_500_different_texts_in_a_fixed_order() -> None:
    texts = list_odd_texts()

    assert len(texts) >= 500
    assert len(set(texts)) == len(texts)
    assert texts == list_odd_texts()
    assert set(EDGE_CASES) <= set(texts)


def test_no_text_holds_a_lone_surrogate_which_no_request_can_carry() -> None:
    assert all(text.encode("utf-8").decode("utf-8") == text for text in list_odd_texts())


def test_every_kind_is_there() -> None:
    texts = list_odd_texts()
    characters = set("".join(texts))

    assert all(set(seeds) <= set(texts) for seeds in SEEDS.values())
    assert {"Cc", "Cf", "Cn", "Mn", "So", "Zs", "Zl"} <= {unicodedata.category(one) for one in characters}
    assert {"R", "AL"} <= {unicodedata.bidirectional(one) for one in characters}
    assert any(ord(one) > 0x20000 for one in characters)
    assert any("[SEP]" in text for text in texts)
    assert max(map(len, texts)) > 2_000
    assert sum(text.strip() == "" for text in texts) >= 3
