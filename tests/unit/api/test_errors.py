"""The table of errors holds every error, and ids of requests are harmless."""

import pytest

from api import export_errors, request_errors  # noqa: F401  their classes register themselves as subclasses
from api.errors import PROBLEMS
from shared import errors
from shared.errors import SentiqError
from shared.request_ids import choose_request_id

# Raised where processes start, or by couriers, never inside a request.
ELSEWHERE = {errors.SettingsError.code, errors.ModelDirectoryError.code, errors.SecretUnreadable.code}

MODULES = ("shared.errors", "api.request_errors", "api.export_errors")


def list_codes(kind: type[SentiqError]) -> set[str]:
    codes = {kind.code} if kind.__module__ in MODULES else set()
    return codes.union(*(list_codes(child) for child in kind.__subclasses__()))


def test_every_error_that_a_request_can_meet_has_a_status_and_a_title() -> None:
    assert list_codes(SentiqError) - ELSEWHERE <= PROBLEMS.keys()


def test_only_errors_have_entries() -> None:
    assert all(status >= 400 and title for status, title in PROBLEMS.values())


def test_a_harmless_request_id_is_kept() -> None:
    assert choose_request_id("01J9-abc.DEF_1:2") == "01J9-abc.DEF_1:2"


@pytest.mark.parametrize("given", [None, "", "x" * 129, "a b", "a\nb", "编号", "<script>"])
def test_any_other_request_id_is_replaced(given: str | None) -> None:
    chosen = choose_request_id(given)

    assert chosen != given
    assert len(chosen) == 32
