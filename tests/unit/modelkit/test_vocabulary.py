"""The vocabulary gives one set of ids in both tokenizers, and one meaning to each written variant."""

import random
from pathlib import Path

import pytest
from transformers import BertTokenizer

from modelkit.vocabulary import SPECIAL_TOKENS, Vocabulary, build_vocabulary
from worker.wordpiece import build_tokenizer, parse_vocabulary

TEXTS = [
    "这个东西质量很好，我非常喜欢！",
    "这个酒店太差了，房间又小又脏……",
    "apple 手机 wifi 很快，电池 6 小时",
    "说话算话，書和书都写过，书写得好",
    "❤ 好评 ❤ ～ (^_^) かわいい",
] * 20

ODD_PARTS = [
    *("好", "这", "這個", "東西", "𠮷", "㐀", "龥", "〇", "々", "かわいい", "カ゛", "한국"),
    *("Apple", "iPhone12", "wifi", "WiFi6", "ａｐｐｌｅ", "ＷＩＦＩ６", "é", "É", "ğ", "İ", "ß", "ﬁ", "a" * 101),
    *("0", "12345", "３", "²", "①", "½", "㎡", "❤", "❤️", "😀", "👨‍👩‍👧", "🏳️‍🌈"),
    *("[SEP", "SEP]", "[MASK", "##好", "##a", "…", "……", "—", "·", "「", "」", "!", "！", "?", "？"),
    *("～", "^", "_", "`", "$", "+", "=", "|", "<", ">"),
    *(" ", "\t", "\n", "\u3000", "\u00a0", "\u200b", "\ufeff", "\u2028", "\x00", "\x07", "\ufffd"),
]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return build_vocabulary(TEXTS)


@pytest.fixture(scope="module")
def slow_tokenizer(vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> BertTokenizer:
    path: Path = tmp_path_factory.mktemp("vocabulary") / "vocab.txt"
    path.write_text("".join(f"{token}\n" for token in vocabulary.tokens), encoding="utf-8")
    assert parse_vocabulary(path.read_text(encoding="utf-8")) == vocabulary.tokens
    return BertTokenizer(str(path))  # type: ignore[no-untyped-call]


def make_odd_strings(count: int) -> list[str]:
    chance = random.Random(20)
    return ["".join(chance.choices(ODD_PARTS, k=chance.randint(1, 12))) for _ in range(count)]


def test_fast_and_slow_tokenizers_give_the_same_ids(vocabulary: Vocabulary, slow_tokenizer: BertTokenizer) -> None:
    fast = build_tokenizer(vocabulary.tokens)
    strings = [*ODD_PARTS, *make_odd_strings(600)]

    differing = [
        text
        for text in strings
        if fast.encode(text).ids != slow_tokenizer.convert_tokens_to_ids(slow_tokenizer.tokenize(text))
    ]

    assert differing == []


def test_special_tokens_come_first_and_padding_is_zero(vocabulary: Vocabulary) -> None:
    assert vocabulary.tokens[:5] == SPECIAL_TOKENS
    assert vocabulary.canonical[:5] == (0, 1, 2, 3, 4)


def test_every_token_is_listed_once(vocabulary: Vocabulary) -> None:
    assert len(set(vocabulary.tokens)) == len(vocabulary.tokens) == len(vocabulary.canonical)


def test_an_alias_points_at_a_token_that_points_at_itself(vocabulary: Vocabulary) -> None:
    assert all(vocabulary.canonical[target] == target for target in vocabulary.canonical)


@pytest.mark.parametrize(
    ("variant", "plain"),
    [
        ("這個東西質量很好", "这个东西质量很好"),
        ("書寫得好", "书写得好"),
        ("ａｐｐｌｅ　ＷＩＦＩ６", "apple wifi6"),
        ("電池３小時", "电池3小时"),
        ("质量很好😀😃", "质量很好好好"),
    ],
)
def test_variants_mean_what_their_plain_form_means(vocabulary: Vocabulary, variant: str, plain: str) -> None:
    tokenizer = build_tokenizer(vocabulary.tokens)

    meanings = [[vocabulary.canonical[token] for token in tokenizer.encode(text).ids] for text in (variant, plain)]

    assert meanings[0] == meanings[1]
    assert 1 not in meanings[0]


def test_a_rare_traditional_character_of_the_texts_learns_with_its_simplified_form(vocabulary: Vocabulary) -> None:
    tokens = vocabulary.tokens

    assert vocabulary.canonical[tokens.index("書")] == tokens.index("书")


def test_rare_characters_stay_out(vocabulary: Vocabulary) -> None:
    with_rare = build_vocabulary([*TEXTS, "龘龘"])

    assert "龘" not in with_rare.tokens
    assert with_rare == vocabulary


@pytest.mark.parametrize("typed", ["[SEP]", "[MASK]", "[CLS]", "[PAD]", "[UNK]"])
def test_a_typed_special_token_is_plain_text(vocabulary: Vocabulary, typed: str) -> None:
    ids = build_tokenizer(vocabulary.tokens).encode(f"好{typed}坏").ids

    assert not {0, 2, 3, 4} & set(ids)
    assert len(ids) > 3
