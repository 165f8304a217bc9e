"""The rate rule on a clock of its own, and the texts that pin it."""

from __future__ import annotations

import math
from random import Random

import pytest

from pixlab_async import ConfigurationError
from pixlab_async._learner import LOWEST_LIMIT
from pixlab_async._pacer import LONGEST_PAUSE, Pacer, per_minute
from pixlab_async._rolling import WINDOW, RollingCount


def learnt(accepted: int = 600, *, at: float = 1000.0, over: float = 120.0) -> Pacer:
    """A pacer that had this many requests accepted in the last minute, then met a 429."""
    pacer = Pacer(random=Random(1))
    old = pacer.take(at - over)
    pacer.accepted(old, at - over)
    for number in range(accepted):
        moment = at - 50 + 49 * number / accepted
        pacer.accepted(pacer.take(moment), moment)
    ticket = pacer.take(at - 0.5)
    pacer.limited(ticket, at, 10.0)
    return pacer


def probed(pacer: Pacer, now: float) -> float:
    """Let the pause end and the probe be accepted; when that was."""
    now += pacer.delay(now) + 0.001
    pacer.accepted(pacer.take(now), now)
    return now


def send_all_that_is_allowed(pacer: Pacer, now: float, until: float) -> None:
    while now < until:
        delay = pacer.delay(now)
        if delay == 0:
            pacer.accepted(pacer.take(now), now)
        now += delay


def test_nothing_is_paced_before_the_first_429() -> None:
    pacer = Pacer()
    for _ in range(10_000):
        pacer.accepted(pacer.take(5.0), 5.0)

    assert (pacer.delay(5.0), pacer.limit) == (0.0, None)


def test_the_limit_is_what_was_accepted_in_the_last_minute() -> None:
    assert learnt(600).limit == 600


def test_a_429_pauses_everybody_for_as_long_as_asked_and_a_little() -> None:
    pacer = learnt(at=1000.0)

    assert 10.05 <= pacer.delay(1000.0) <= 10.25
    assert pacer.paused_for(1000.0) == pacer.delay(1000.0)


def test_a_wait_that_is_asked_for_is_bounded() -> None:
    pacer = Pacer()

    pacer.limited(pacer.take(0.0), 0.0, 1e9)

    assert pacer.delay(0.0) <= LONGEST_PAUSE + 0.25


def test_without_a_wanted_wait_pauses_double_up_to_a_quarter_of_a_minute() -> None:
    pacer = Pacer(random=Random(2))
    now, pauses = 0.0, list[float]()
    for _ in range(8):
        pacer.limited(pacer.take(now), now, None)
        pauses.append(pacer.delay(now))
        now += pauses[-1] + 0.001

    expected = [min(15.0, 0.5 * 2**n) for n in range(1, 9)]
    assert all(
        0.75 * mean <= pause <= 1.25 * mean for pause, mean in zip(pauses, expected, strict=True)
    )


def test_after_the_pause_one_probe_goes_and_the_others_wait_for_it() -> None:
    pacer = learnt(at=1000.0)

    probe = pacer.take(1011.0)

    assert probe.probe
    assert pacer.delay(1011.0) == math.inf


def test_an_accepted_probe_lets_the_others_go_on() -> None:
    pacer = learnt(10, at=1000.0)

    now = probed(pacer, 1000.0)

    assert pacer.delay(now + 61) == 0.0


def test_a_probe_that_is_lost_makes_room_for_another() -> None:
    pacer = learnt(at=1000.0)
    pacer.lost(pacer.take(1011.0))

    assert pacer.take(1011.0).probe


def test_a_refused_probe_pauses_again() -> None:
    pacer = learnt(at=1000.0)

    pacer.limited(pacer.take(1011.0), 1011.5, 5.0)

    assert pacer.delay(1011.5) > 5


def test_one_event_of_refusals_is_punished_once() -> None:
    pacer = learnt(600, at=1000.0)
    late = Pacer.take(Pacer(), 999.0)

    for _ in range(20):
        pacer.limited(late, 1000.5, None)

    assert pacer.limit == 600
    assert pacer.delay(1000.5) < 10
    assert pacer.refusals == 21


def test_a_late_refusal_can_prolong_the_pause() -> None:
    pacer = learnt(600, at=1000.0)

    pacer.limited(Pacer.take(Pacer(), 999.0), 1000.5, 30.0)

    assert pacer.delay(1000.5) == 30.0


def test_a_later_429_lowers_the_limit_by_half_at_the_most() -> None:
    pacer = learnt(600, at=1000.0)
    now = probed(pacer, 1000.0) + 300

    pacer.limited(pacer.take(now), now + 0.1, None)

    assert pacer.limit == 300


def test_a_learnt_limit_has_a_floor() -> None:
    pacer = Pacer()

    pacer.limited(pacer.take(0.0), 0.1, None)

    assert pacer.limit == LOWEST_LIMIT


def test_no_window_of_a_minute_sees_more_than_the_limit() -> None:
    pacer = learnt(100, at=1000.0)
    now = probed(pacer, 1000.0)
    sent = list[float]()
    while now < 1500:
        delay = pacer.delay(now)
        assert delay >= 0
        if delay:
            now += delay
            continue
        pacer.take(now)
        sent.append(now)

    for index, start in enumerate(sent):
        window = [moment for moment in sent[index:] if moment < start + WINDOW]
        assert len(window) <= 100


def test_the_sends_of_a_paced_client_are_spread_over_the_minute() -> None:
    pacer = Pacer(600.0)
    pacer.take(0.0)
    pacer.take(0.0)

    assert 0.05 <= pacer.delay(0.0) <= 0.2


def test_a_limit_grows_slowly_while_it_holds_the_sending_back() -> None:
    pacer = learnt(60, at=1000.0)
    pacer_limit = 60.0
    send_all_that_is_allowed(pacer, probed(pacer, 1000.0), 1300.0)

    assert pacer.limit is not None
    assert pacer_limit * 1.2 < pacer.limit < pacer_limit * 10


def test_a_limit_does_not_grow_while_it_is_not_used() -> None:
    pacer = learnt(600, at=1000.0)
    now = probed(pacer, 1000.0)
    for _ in range(100):
        now += 10
        pacer.accepted(pacer.take(now), now)

    assert pacer.limit == 600


def test_a_limit_learnt_in_less_than_a_minute_is_raised_sooner() -> None:
    pacer = learnt(60, at=1000.0, over=55.0)
    send_all_that_is_allowed(pacer, probed(pacer, 1000.0), 1100.0)

    assert pacer.limit is not None
    assert pacer.limit > 70


def test_a_pinned_limit_stays_as_it_is() -> None:
    pacer = Pacer(600.0)

    pacer.limited(pacer.take(0.0), 0.1, 1.0)
    pacer.accepted(pacer.take(2.0), 2.0)
    pacer.accepted(pacer.take(2.1), 2.1)

    assert pacer.limit == 600


def test_what_never_reached_the_server_does_not_count() -> None:
    pacer = Pacer(1.0)
    pacer.give_back(pacer.take(0.0))

    assert pacer.delay(61.0) == 0.0


def test_the_count_forgets_after_a_minute_and_a_little() -> None:
    count = RollingCount()
    count.add(10.0, 3)

    assert (count.total(70.2), count.total(70.6)) == (3, 0)


def test_the_count_does_not_grow_with_time() -> None:
    count = RollingCount()
    for hour in range(100):
        count.add(hour * 3600.0)

    assert count.total(99 * 3600.0) == 1
    assert len(count._counts) < 300


def test_a_count_that_comes_too_late_is_dropped() -> None:
    count = RollingCount()
    count.total(1000.0)
    count.add(10.0)

    assert count.total(1000.0) == 0


def test_room_is_there_when_enough_have_left() -> None:
    count = RollingCount()
    for second in range(10):
        count.add(100.0 + second)

    wait = count.until_below(5.0, 110.0)

    assert count.total(110.0 + wait) == 4


@pytest.mark.parametrize(
    ("rate", "meant"),
    [("600/min", 600), ("10/s", 600), ("36000/h", 600), (" 1.5 / sec ", 90), ("1/minute", 1)],
)
def test_a_rate_is_requests_per_unit_of_time(rate: str, meant: float) -> None:
    assert per_minute(rate) == pytest.approx(meant)


@pytest.mark.parametrize("rate", ["", "600", "600/day", "0/s", "-1/s", "1e3/s", "many/s", None])
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(ConfigurationError, match="600/min"):
        per_minute(rate)
