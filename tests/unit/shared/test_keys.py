"""API keys: long, readable at their beginning, recognised without being kept."""

import re
from hashlib import sha256

import pytest

from shared.keys import create_key, find_named_id, find_public_id, is_match


def test_a_key_has_a_readable_beginning_and_256_random_bits() -> None:
    key = create_key()

    assert re.fullmatch(rf"sentiq_{key.public_id}_[0-9a-f]{{64}}", key.text)
    assert len({create_key().text for _ in range(100)} | {key.text}) == 101


def test_only_a_hash_of_the_whole_key_is_kept() -> None:
    key = create_key()

    assert key.digest == sha256(key.text.encode()).hexdigest()
    assert key.text not in repr(key)


def test_a_key_is_recognised_and_any_other_is_not() -> None:
    key, other = create_key(), create_key()
    same_id = f"sentiq_{key.public_id}_{other.text[-64:]}"

    assert find_public_id(key.text) == find_public_id(same_id) == key.public_id
    assert is_match(key.text, key.digest)
    assert not is_match(same_id, key.digest)


@pytest.mark.parametrize(
    "text", ["", "sentiq", "sentiq__", f"sentiq_{'a' * 12}_", f"Sentiq_{'a' * 12}_{'b' * 64}", "钥匙"]
)
def test_what_cannot_be_a_key_has_no_id(text: str) -> None:
    assert find_public_id(text) is None


def test_a_key_with_something_behind_it_has_no_id() -> None:
    assert [find_public_id(create_key().text + more) for more in ("\n", " ", "a", "A")] == [None] * 4


def test_operators_may_name_a_key_by_its_id_or_any_longer_part() -> None:
    key = create_key()

    named = [find_named_id(text) for text in (key.public_id, f"sentiq_{key.public_id}", key.text[:25], key.text)]

    assert named == [key.public_id] * 4
    assert find_named_id("web") is None
