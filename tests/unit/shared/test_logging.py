"""What a log tells of an exception: where it came from, and nothing of what was in it."""

from shared.logging import describe_exception

SECRET = "很私密的话"


def fail() -> None:
    raise KeyError(SECRET)


def test_an_exception_is_told_by_its_causes_and_places_without_their_messages() -> None:
    try:
        try:
            fail()
        except KeyError as err:
            raise ValueError(SECRET) from err
    except ValueError as err:
        told = describe_exception((ValueError, err, err.__traceback__))

    assert SECRET not in told
    cause, _, error = told.partition("which led to:")
    assert "in fail" in cause
    assert cause.strip().endswith("builtins.KeyError")
    assert error.endswith("builtins.ValueError")


def test_a_context_that_was_suppressed_stays_out() -> None:
    try:
        try:
            fail()
        except KeyError:
            raise ValueError(SECRET) from None
    except ValueError as err:
        told = describe_exception((ValueError, err, err.__traceback__))

    assert "KeyError" not in told
