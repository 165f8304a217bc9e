"""The rate rule on a clock of its own, and the texts that pin it."""

from __future__ import annotations

import math
from random import Random

import pytest

from pixlab_async import ConfigurationError
from pixlab_async._learner import LOWEST_LIMIT
from pixlab_async._pacer import LONGEST_PAUSE, Pacer, per_minute
from pixlab_async._rolling import WINDOW, RollingCount


def learnt(
    accepted: int = 600, *, at: float = 1000.0, over: float = 120.0, asked: float = 10.0
) -> Pacer:
    """A pacer that had this many requests accepted in the last minute, then met a 429."""
    pacer = Pacer(random=Random(1))
    old = pacer.take(at - over)
    pacer.accepted(old, at - over)
    for number in range(accepted):
        moment = at - 50 + 49 * number / accepted
        pacer.accepted(pacer.take(moment), moment)
    ticket = pacer.take(at - 0.5)
    pacer.limited(ticket, at, asked)
    return pacer


def probed(pacer: Pacer, now: float) -> float:
    """Let the pause end and the probe be accepted; when that was."""
    now += pacer.delay(now) + 0.001
    pacer.accepted(pacer.take(now), now)
    return now


def send_all_that_is_allowed(pacer: Pacer, now: float, until: float, *, up_to: float) -> None:
    """Send as the pacer lets, but no faster than so many per minute."""
    while now < until:
        delay = pacer.delay(now)
        if delay == 0:
            pacer.accepted(pacer.take(now), now)
            delay = 60 / up_to
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
    for _ in range(6):
        pacer.limited(pacer.take(now), now, None)
        pauses.append(pacer.delay(now))
        now += pauses[-1] + 0.001

    expected = [min(15.0, 0.5 * 2**n) for n in range(1, 7)]
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


def test_a_limit_grows_slowly_in_the_first_two_minutes() -> None:
    pacer = learnt(600, at=1000.0)
    send_all_that_is_allowed(pacer, probed(pacer, 1000.0), 1120.0, up_to=6000)

    assert pacer.limit is not None
    assert 600 < pacer.limit < 630


def test_after_a_whole_minute_above_the_old_limit_it_grows_boldly() -> None:
    pacer = learnt(600, at=1000.0)
    send_all_that_is_allowed(pacer, probed(pacer, 1000.0), 1200.0, up_to=2000)

    assert pacer.limit is not None
    # What does not hold the sending back is not raised: 2,000 by 0.8, and one step more.
    assert 2000 < pacer.limit < 3200


def test_a_limit_does_not_grow_while_it_is_not_used() -> None:
    pacer = learnt(600, at=1000.0)
    now = probed(pacer, 1000.0)
    for _ in range(100):
        now += 10
        pacer.accepted(pacer.take(now), now)

    assert pacer.limit == 600


def test_room_at_once_after_the_first_429_means_that_it_was_but_a_burst() -> None:
    pacer = learnt(60, at=1000.0, over=55.0, asked=1.0)
    send_all_that_is_allowed(pacer, probed(pacer, 1000.0), 1030.0, up_to=6000)

    assert pacer.limit is not None
    assert pacer.limit > 240


def test_room_after_a_longer_wait_means_that_it_was_the_limit() -> None:
    pacer = learnt(60, at=1000.0, over=55.0, asked=20.0)
    send_all_that_is_allowed(pacer, probed(pacer, 1000.0), 1060.0, up_to=6000)

    assert pacer.limit == 61


def test_a_reply_that_comes_late_after_the_429_counts_too() -> None:
    pacer = Pacer(random=Random(1))
    tickets = [pacer.take(1.0) for _ in range(20)]
    for ticket in tickets[:10]:
        pacer.accepted(ticket, 1.1)
    pacer.limited(tickets[10], 1.1, None)
    for ticket in tickets[11:15]:
        pacer.accepted(ticket, 1.2)

    assert pacer.limit == 14


def test_a_reply_that_comes_even_later_does_not_count() -> None:
    pacer = Pacer(random=Random(1))
    first, second, third = (pacer.take(1.0) for _ in range(3))
    pacer.limited(first, 1.1, 0.0)
    now = 1.1 + pacer.delay(1.1) + 0.001
    pacer.limited(pacer.take(now), now, None)
    pacer.accepted(second, now)
    pacer.accepted(third, now)

    assert pacer.limit == LOWEST_LIMIT


def test_what_got_through_from_probe_to_probe_corrects_the_limit() -> None:
    pacer = learnt(600, at=1000.0)
    now = probed(pacer, 1000.0)
    send_all_that_is_allowed(pacer, now, now + 70, up_to=6000)
    pacer.limited(pacer.take(now + 70), now + 70, 5.0)
    accepted = pacer.limit
    probed(pacer, now + 70)

    assert accepted is not None
    assert accepted > 600
    assert pacer.limit == 0.99 * 600


def test_a_limit_of_an_earlier_run_paces_from_the_start() -> None:
    pacer = Pacer()
    pacer.seed(600.0)
    pacer.take(0.0)
    pacer.take(0.0)

    assert pacer.limit == 540
    assert pacer.delay(0.0) > 0


def test_a_limit_of_an_earlier_run_grows_as_one_that_was_learnt() -> None:
    pacer = Pacer()
    pacer.seed(600.0)
    send_all_that_is_allowed(pacer, 1000.0, 1063.0, up_to=6000)

    assert pacer.limit == pytest.approx(545.4)


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan, math.inf])
def test_a_limit_of_an_earlier_run_that_is_none_does_no_harm(limit: float) -> None:
    pacer = Pacer()
    pacer.seed(limit)
    pacer.take(0.0)

    assert pacer.limit is not None
    assert LOWEST_LIMIT <= pacer.limit <= 1e9
    assert 0 <= pacer.delay(1.0) <= 10


@pytest.mark.parametrize("pacer", [Pacer(600.0), learnt(600)], ids=["pinned", "learnt"])
def test_a_limit_of_an_earlier_run_does_not_replace_one_that_is_known(pacer: Pacer) -> None:
    pacer.seed(60.0)

    assert pacer.limit == 600


def test_how_long_refusals_have_lasted_is_told() -> None:
    pacer = Pacer(random=Random(3))
    pacer.accepted(pacer.take(100.0), 100.1)
    pacer.limited(pacer.take(101.0), 101.1, None)
    pacer.limited(pacer.take(300.0), 300.1, None)

    assert pacer.refused_for == pytest.approx(199.0)


def test_refusals_have_lasted_no_time_once_a_request_is_accepted() -> None:
    pacer = Pacer(random=Random(3))
    pacer.limited(pacer.take(100.0), 250.0, None)
    pacer.accepted(pacer.take(300.0), 300.1)

    assert pacer.refused_for == 0


def test_idle_hours_around_a_refusal_are_no_refusals() -> None:
    pacer = Pacer(random=Random(3))
    pacer.accepted(pacer.take(100.0), 100.1)
    pacer.limited(pacer.take(5000.0), 5000.1, None)

    pacer.take(9000.0)

    assert pacer.refused_for == 0


def test_a_machine_that_slept_makes_nothing_up_for() -> None:
    pacer = learnt(600, at=1000.0)
    now = probed(pacer, 1000.0)
    send_all_that_is_allowed(pacer, now, now + 30, up_to=6000)
    now += 3600
    sent = 0
    while pacer.delay(now) == 0:
        pacer.accepted(pacer.take(now), now)
        sent += 1

    assert sent <= 2
    assert pacer.limit == 600


def test_who_slept_through_a_pause_still_sends_one_probe() -> None:
    pacer = learnt(600, at=1000.0)

    assert pacer.take(5000.0).probe
    assert pacer.delay(5000.0) == math.inf


def test_a_blind_pause_ends_when_a_minute_has_passed_since_the_burst() -> None:
    pacer = Pacer(random=Random(1))
    for ticket in [pacer.take(0.0) for _ in range(50)]:
        pacer.accepted(ticket, 0.1)
    now = 0.2
    pacer.limited(pacer.take(now), now, None)
    while (probe_at := now + pacer.delay(now) + 0.001) < 60:
        now = probe_at
        pacer.limited(pacer.take(now), now, None)

    assert 60.0 < probe_at < 60.8


def test_a_pinned_limit_stays_as_it_is() -> None:
    pacer = Pacer(600.0)

    pacer.limited(pacer.take(0.0), 0.1, 1.0)
    pacer.accepted(pacer.take(2.0), 2.0)
    pacer.accepted(pacer.take(2.1), 2.1)

    assert pacer.limit == 600


def test_a_leave_that_was_not_made_use_of_is_there_for_the_next() -> None:
    pacer = Pacer(60)
    pacer.take(0.0)
    pacer.unused(pacer.take(1.0))

    assert pacer.delay(1.0) == 0
    pacer.take(1.0)
    assert pacer.delay(1.0) > 0.9


def test_of_two_leaves_the_one_that_was_made_use_of_keeps_its_place_in_the_pace() -> None:
    pacer = Pacer(60)
    pacer.take(100.0)
    pacer.unused(pacer.take(101.0))

    assert pacer.delay(100.5) == pytest.approx(0.48)


def test_an_attempt_that_reached_nobody_has_its_place_in_the_pace() -> None:
    pacer = Pacer(60)
    pacer.take(0.0)
    pacer.give_back(pacer.take(1.0))

    assert pacer.delay(1.0) > 0.9


def test_a_leave_that_was_not_made_use_of_is_not_counted() -> None:
    pacer = Pacer()
    pacer.unused(pacer.take(0.0))

    assert pacer._sent.total(0.0) == 0


def test_what_never_reached_the_server_does_not_count() -> None:
    pacer = Pacer(1.0)
    pacer.give_back(pacer.take(0.0))

    assert pacer.delay(61.0) == 0.0


def test_a_new_pacer_has_met_no_refusal() -> None:
    pacer = Pacer()

    assert (pacer.refusals, pacer.refused_for, pacer.paused_for(0.0)) == (0, 0.0, 0.0)
    assert pacer.take(0.0).probe is False


def test_a_probe_goes_at_the_end_of_the_pause_and_one_more_where_its_reply_is_lost() -> None:
    pacer = learnt(600, at=1000.0)
    end = pacer._pause_until

    assert pacer.delay(end) == 0.0
    probe = pacer.take(end)
    assert pacer.delay(end) == math.inf
    pacer.lost(probe)
    assert pacer.delay(end) == 0.0


def test_after_the_probe_nothing_is_one() -> None:
    pacer = learnt(600, at=1000.0)
    now = probed(pacer, 1000.0)

    assert pacer.take(now + 1).probe is False


def test_a_limit_of_one_lets_one_through_in_any_minute() -> None:
    pacer = Pacer(1.0)
    pacer.take(0.0)

    assert pacer.delay(30.0) == 30.5


def test_what_is_given_back_counts_as_much_as_it_did() -> None:
    pacer = Pacer(2.0)
    first = pacer.take(0.0)
    pacer.take(30.0)
    pacer.give_back(first)

    assert pacer.delay(60.0) == 0.0
    pacer.take(60.0)
    assert pacer.delay(60.2) == pytest.approx(30.3)


def test_a_pinned_limit_does_not_grow_where_it_is_used_up() -> None:
    pacer = Pacer(60.0)
    send_all_that_is_allowed(pacer, 0.0, 200.0, up_to=6000)

    assert pacer.limit == 60.0


def test_replies_to_what_was_sent_in_the_tick_of_a_refusal_belong_to_it() -> None:
    pacer = Pacer(random=Random(1))
    for ticket in [pacer.take(0.0) for _ in range(50)]:
        pacer.accepted(ticket, 0.5)
    refused, refused_too, late = (pacer.take(1.0) for _ in range(3))
    pacer.limited(refused, 1.0, 5.0)
    probing = pacer.paused_for(1.0)
    pacer.limited(refused_too, 1.0, None)
    pacer.accepted(late, 1.5)

    assert pacer.paused_for(1.0) == probing
    now = 1.0 + probing
    pacer.accepted(pacer.take(now), now)
    assert pacer.limit == 50.0 + 1


def test_above_what_was_learnt_the_first_pause_lasts_until_the_minute_is_over() -> None:
    pauses: list[float] = []
    for seed in range(200):
        pacer = Pacer(random=Random(seed))
        pacer.seed(100.0)
        for now in [1.0, *[81.0] * 72]:
            pacer.accepted(pacer.take(now), now)
        assert pacer.limit == 91.0
        for now in [97.0] * 72:
            pacer.accepted(pacer.take(now), now)
        pacer.limited(pacer.take(98.0), 98.0, None)
        pauses.append(pacer.paused_for(98.0))

    guess = 60 * (1 - 90 / (91 * 1.03))
    assert min(pauses) == pytest.approx(0.75 * guess, rel=0.01)
    assert max(pauses) == pytest.approx(1.25 * guess, rel=0.01)


def refused_at(pacer: Pacer, *moments: float) -> float:
    """Have a request refused at each moment; how long the pause is then."""
    for now in moments:
        pacer.limited(pacer.take(now), now, None)
    return pacer.paused_for(moments[-1])


def test_a_pause_does_not_outlast_the_moment_at_which_there_is_room_again() -> None:
    pacer = Pacer(random=Random(1))
    for ticket in [pacer.take(0.0) for _ in range(50)]:
        pacer.accepted(ticket, 0.5)

    assert 0.65 < refused_at(pacer, 10.0, 59.9) < 0.85


def test_only_one_pause_in_a_row_is_timed_by_the_room_that_there_should_be() -> None:
    pacer = Pacer(random=Random(1))
    for second in range(10):
        pacer.accepted(pacer.take(second), second)

    assert 5.55 < refused_at(pacer, 10.0, 20.0, 30.0, 40.0, 60.0) < 5.75
    assert refused_at(pacer, 65.8) >= 0.75 * 15


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
    [
        ("600/min", 600),
        ("10/s", 600),
        ("36000/h", 600),
        (" 1.5 / sec ", 90),
        ("1/minute", 1),
        ("0.000001/min", 1e-6),
        ("1000000000/min", 1e9),
    ],
)
def test_a_rate_is_requests_per_unit_of_time(rate: str, meant: float) -> None:
    assert per_minute(rate) == pytest.approx(meant)


@pytest.mark.parametrize(
    "rate",
    [
        "",
        "600",
        "600/day",
        "0/s",
        "-1/s",
        "1e3/s",
        "many/s",
        None,
        "0.0000001/min",
        "1000000001/min",
        "9" * 400 + "/s",
    ],
)
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(ConfigurationError, match="600/min"):
        per_minute(rate)
