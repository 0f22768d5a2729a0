"""The command line understands what operators write, and says what it does not."""

from datetime import timedelta

import pytest

from admin.arguments import parse_arguments
from shared.scopes import Scope

ID = "0123456789ab"


def test_a_key_may_submit_and_read_and_lives_for_ever_unless_told_otherwise() -> None:
    options = parse_arguments(["keys", "create", "--tenant", "shop"])

    assert (options.action, options.tenant, options.name) == ("keys create", "shop", "default")
    assert set(options.scopes) == {Scope.SUBMIT, Scope.READ}
    assert (options.expires_in, options.json) == (None, False)


def test_scopes_name_and_lifetime_can_be_chosen() -> None:
    options = parse_arguments(
        ["keys", "create", "--tenant", "商店", "--name", "网页", "--scopes", "admin, read,admin", "--expires-in", "90d"]
    )

    assert (options.tenant, options.name) == ("商店", "网页")
    assert options.scopes == (Scope.ADMIN, Scope.READ)
    assert options.expires_in == timedelta(days=90)


@pytest.mark.parametrize(
    ("written", "seconds"), [("0", 0), ("30s", 30), ("15m", 900), ("24h", 86_400), ("36500d", 36_500 * 86_400)]
)
def test_an_overlap_is_a_time_span(written: str, seconds: int) -> None:
    options = parse_arguments(["keys", "rotate", ID, "--overlap", written])

    assert (options.key, options.overlap) == (ID, timedelta(seconds=seconds))


def test_a_rotated_key_lives_on_for_a_day() -> None:
    assert parse_arguments(["keys", "rotate", ID]).overlap == timedelta(days=1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "COMMAND"),
        (["keys"], "ACTION"),
        (["keys", "create"], "--tenant"),
        (["keys", "create", "--tenant", ""], "1 to 100 printable characters"),
        (["keys", "create", "--tenant", " shop"], "no space at either end"),
        (["keys", "create", "--tenant", "a\nb"], "printable"),
        (["keys", "create", "--tenant", "x" * 101], "1 to 100"),
        (["keys", "create", "--tenant", "shop", "--scopes", "write"], "submit, read, webhooks, admin"),
        (["keys", "create", "--tenant", "shop", "--scopes", ""], "submit, read, webhooks, admin"),
        (["keys", "create", "--tenant", "shop", "--expires-in", "0"], "live for some time"),
        (["keys", "create", "--tenant", "shop", "--expires-in", "soon"], "write it like 90d"),
        (["keys", "create", "--tenant", "shop", "--expires-in", "36501d"], "longer than 36,500 days"),
        (["keys", "rotate", ID, "--overlap", "-1h"], "--overlap"),
        (["keys", "revoke", "web"], "`keys list` shows them"),
    ],
)
def test_what_cannot_be_understood_is_said_with_exit_code_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_arguments(arguments)

    assert caught.value.code == 2
    assert words in capsys.readouterr().err


def test_a_damaged_key_is_not_repeated_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["keys", "revoke", f"sentiq_{ID}_secretXYZ"])

    assert "secretXYZ" not in capsys.readouterr().err
