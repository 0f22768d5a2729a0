"""The waiting room: bounded, and nobody in it sleeps through an announcement."""

import threading
from typing import NoReturn
from uuid import uuid4

from api.waiting import WaitingRoom


def test_a_caller_is_woken_by_its_own_job_only() -> None:
    room, mine, other = open_room(2), uuid4(), uuid4()

    with room.take_seat(mine) or _fail() as seat:
        room.wake(other)
        assert not seat.wait(0)
        room.wake(mine)
        assert seat.wait(0)
        assert not seat.wait(0)


def test_an_announcement_before_the_wait_is_not_lost() -> None:
    room, job_id = open_room(1), uuid4()

    with room.take_seat(job_id) or _fail() as seat:
        room.wake(job_id)

        assert seat.wait(0)


def test_several_callers_may_wait_for_one_job() -> None:
    room, job_id = open_room(2), uuid4()

    with room.take_seat(job_id) or _fail() as first, room.take_seat(job_id) or _fail() as second:
        room.wake(job_id)

        assert first.wait(0)
        assert second.wait(0)


def test_no_more_callers_wait_than_there_are_seats_and_a_seat_given_up_is_free_again() -> None:
    room = open_room(1)

    with room.take_seat(uuid4()) or _fail():
        assert room.take_seat(uuid4()) is None

    assert room.take_seat(uuid4()) is not None


def test_everybody_is_woken_when_the_connection_is_lost_and_when_it_comes_back() -> None:
    room = open_room(2)

    with room.take_seat(uuid4()) or _fail() as first, room.take_seat(uuid4()) or _fail() as second:
        room.set_hearing(False)
        assert (first.wait(0), second.wait(0)) == (True, True)
        assert not room.is_worth_waiting()
        room.set_hearing(True)
        assert (first.wait(0), second.wait(0)) == (True, True)
        assert room.is_worth_waiting()


def test_a_caller_waits_on_if_the_connection_comes_back_soon() -> None:
    room = open_room(1)
    room.set_hearing(False)
    threading.Timer(0.05, room.set_hearing, [True]).start()

    assert room.is_worth_waiting()


def test_nobody_sits_down_where_nothing_can_be_heard() -> None:
    assert WaitingRoom(2).take_seat(uuid4()) is None


def test_a_closing_room_sends_everybody_home_and_lets_nobody_in() -> None:
    room, woken = open_room(2), []

    with room.take_seat(uuid4()) or _fail() as seat:
        sleeper = threading.Thread(target=lambda: woken.append(seat.wait(10)))
        sleeper.start()
        room.close()
        sleeper.join(10)

    assert woken == [True]
    assert room.take_seat(uuid4()) is None


def test_streams_take_half_of_the_seats_at_most() -> None:
    room = open_room(4)

    with room.take_stream_seat(uuid4()) or _fail(), room.take_stream_seat(uuid4()) or _fail():
        assert room.take_stream_seat(uuid4()) is None
        assert room.take_seat(uuid4()) is not None

    assert room.take_stream_seat(uuid4()) is not None


def test_streams_take_no_seat_that_is_not_there() -> None:
    room = open_room(2)

    with room.take_seat(uuid4()) or _fail(), room.take_seat(uuid4()) or _fail():
        assert room.take_stream_seat(uuid4()) is None


def test_streams_need_no_announcements_but_a_room_that_is_open() -> None:
    room = WaitingRoom(2)

    seat = room.take_stream_seat(uuid4()) or _fail()
    seat.leave()
    seat.leave()  # twice does no harm
    with room.take_stream_seat(uuid4()) or _fail():
        pass
    room.close()

    assert room.take_stream_seat(uuid4()) is None


def test_who_sends_a_file_takes_a_seat_like_everybody() -> None:
    room = WaitingRoom(2)
    first, second = room.take_upload_seat(), room.take_upload_seat()

    assert first is not None
    assert second is not None
    assert room.take_stream_seat(uuid4()) is None
    first.leave()
    assert room.take_upload_seat() is not None


def open_room(capacity: int) -> WaitingRoom:
    """Return a room that hears."""
    room = WaitingRoom(capacity)
    room.set_hearing(True)
    return room


def _fail() -> NoReturn:
    raise AssertionError("there was no seat")
