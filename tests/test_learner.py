"""The learner's arithmetic, step by step: refusals, rounds, and growth between them."""

from __future__ import annotations

import pytest

from pixlab_async._learner import Learner

approx = pytest.approx


def seeded(limit: float = 1000.0) -> Learner:
    """Paced from the start at 0.9 of the limit, and careful."""
    learner = Learner()
    learner.seed(limit)
    learner.sent(0.0)
    return learner


def searching() -> Learner:
    """At 600 from second 30 on, and sure that it is more: there was room at once."""
    learner = Learner()
    learner.sent(0.0)
    learner.refused(600)
    learner.resumed(30.0, 1.0)
    return learner


def accept(learner: Learner, count: int) -> None:
    for _ in range(count):
        learner.accepted()


def grow(learner: Learner, *moments: float) -> None:
    """Grow at each moment, with the limit used up."""
    for now in moments:
        assert learner.limit is not None
        learner.grow(now, round(learner.limit))


def is_searching(learner: Learner) -> bool:
    """Whether it takes the next refusal as part of a search."""
    return learner.refused(10_000) is None


# --- The first refusal --------------------------------------------------------------------


def test_the_first_refusal_says_what_the_limit_is_and_no_more() -> None:
    learner = Learner()
    learner.sent(0.0)

    assert (learner.refused(600), learner.limit) == (None, 600.0)


@pytest.mark.parametrize(
    ("now", "waited", "forgets", "searches"),
    [
        (30.0, 1.0, True, True),
        (59.9, 4.9, True, True),
        (60.0, 4.9, False, False),
        (30.0, 5.0, True, False),
        (90.0, 5.0, False, False),
    ],
)
def test_room_at_once_within_a_minute_means_a_bucket(
    now: float, waited: float, forgets: bool, searches: bool
) -> None:
    learner = Learner()
    learner.sent(0.0)
    learner.refused(600)

    assert learner.resumed(now, waited) is forgets
    assert is_searching(learner) is searches


@pytest.mark.parametrize(("waited", "searches"), [(19.9, True), (20.0, False)])
def test_at_a_low_limit_at_once_is_the_time_of_two_requests(waited: float, searches: bool) -> None:
    learner = Learner()
    learner.sent(0.0)
    learner.refused(6)
    learner.resumed(30.0, waited)

    assert is_searching(learner) is searches


def test_a_round_of_which_nothing_was_sent_took_no_time() -> None:
    learner = Learner()
    learner.refused(600)

    assert learner.resumed(5.0, 1.0)


# --- Later refusals -----------------------------------------------------------------------


def test_a_refusal_at_what_was_learnt_is_over_after_two_requests() -> None:
    assert seeded().refused(850) == approx(2 * 60 / 900)


def test_a_refusal_above_what_was_learnt_is_over_when_the_minute_is() -> None:
    learner = seeded()
    grow(learner, 60.0)

    assert learner.limit == 909.0
    assert learner.refused(800) == approx(60 * (1 - 900 / 909))


@pytest.mark.parametrize(("accepted", "limit"), [(850, 850), (1000, 900), (100, 450)])
def test_a_refusal_lowers_the_limit_to_what_was_accepted_within_bounds(
    accepted: int, limit: float
) -> None:
    learner = seeded()
    learner.refused(accepted)

    assert learner.limit == limit


def test_what_is_accepted_late_raises_it_again_up_to_where_it_was() -> None:
    learner = seeded()
    learner.refused(898)
    limits: list[float | None] = []
    for _ in range(3):
        learner.accepted_late()
        limits.append(learner.limit)

    assert limits == [899.0, 900.0, 900.0]


# --- Careful rounds -----------------------------------------------------------------------


@pytest.mark.parametrize(("accepted", "limit"), [(885, 1.01 * 885), (100, 0.99 * 900), (899, 900)])
def test_a_round_lowers_the_limit_to_what_got_through_and_only_a_little(
    accepted: int, limit: float
) -> None:
    learner = seeded()
    accept(learner, accepted)
    learner.refused(900)

    assert learner.resumed(60.0, 10.0) is False
    assert learner.limit == approx(limit)


def test_each_round_counts_from_nothing() -> None:
    learner = seeded()
    accept(learner, 900)
    learner.refused(900)
    learner.resumed(60.0, 10.0)
    accept(learner, 885)
    learner.refused(900)
    learner.resumed(120.0, 10.0)

    assert learner.limit == approx(1.01 * 885)


# --- Growth -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "now", "grown"),
    [(1000, 59.9, 900), (1000, 60, 909), (100, 79.9, 90), (100, 80, 91), (30, 119.9, 27)],
)
def test_growth_waits_for_a_minute_and_for_120_requests(
    limit: float, now: float, grown: float
) -> None:
    learner = seeded(limit)
    grow(learner, now)

    assert learner.limit == approx(grown)


def test_growth_does_not_wait_longer_than_two_minutes() -> None:
    learner = seeded(30)
    grow(learner, 120.0)

    assert learner.limit == approx(28.0)


@pytest.mark.parametrize(("sent", "grown"), [(719, 900.0), (720, 909.0)])
def test_a_limit_grows_only_where_it_is_nearly_used_up(sent: int, grown: float) -> None:
    by_the_step, by_the_minute = seeded(), seeded()
    for _ in range(sent - 1):
        by_the_step.sent(1.0)
    by_the_step.grow(60.0, 0)
    by_the_minute.grow(60.0, sent)

    assert (by_the_step.limit, by_the_minute.limit) == (grown, grown)


@pytest.mark.parametrize(("sent", "grown"), [(181, False), (182, True)])
def test_each_step_counts_from_nothing(sent: int, grown: bool) -> None:
    learner = seeded()
    grow(learner, 60.0)
    for _ in range(sent):
        learner.sent(61.0)
    learner.grow(75.0, 0)

    assert learner.limit == approx(909 * 1.03 if grown else 909)


@pytest.mark.parametrize(("sent", "grown"), [(719, False), (720, True)])
def test_after_a_refusal_the_steps_begin_anew(sent: int, grown: bool) -> None:
    learner = seeded()
    grow(learner, 60.0)
    learner.refused(900)
    accept(learner, 2000)
    learner.resumed(100.0, 10.0)
    for _ in range(sent):
        learner.sent(101.0)
    learner.grow(159.9, 0)
    before = learner.limit
    learner.grow(160.0, 0)

    assert (before, learner.limit) == (900.0, approx(909.0) if grown else 900.0)


@pytest.mark.parametrize(("steps", "searches"), [(4, False), (5, True)])
def test_a_minute_above_the_old_limit_means_another_one(steps: int, searches: bool) -> None:
    learner = seeded()
    grow(learner, *[60.0, 75.0, 121.0, 127.0, 130.0][:steps])

    assert learner.limit == approx(900 * 1.01 * 1.03 * 1.04 * 1.08 * (1.16 if searches else 1))
    assert is_searching(learner) is searches


def test_a_search_grows_in_bold_steps() -> None:
    learner = searching()
    limits: list[float | None] = []
    for now in (34.9, 35.0, 36.9, 37.0, 39.0):
        grow(learner, now)
        limits.append(learner.limit)

    assert limits == [600.0, 750.0, 750.0, 937.5, approx(937.5 * 1.25)]


# --- Rounds of a search -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "waited", "limit", "goes_on"),
    [
        (800, 1.0, 800, True),
        (750, 1.0, 750, False),
        (610, 1.0, 610, False),
        (500, 1.0, 600, False),
        (800, 10.0, 600, False),
    ],
)
def test_a_short_round_of_a_search_takes_what_got_through_where_there_was_room_at_once(
    accepted: int, waited: float, limit: float, goes_on: bool
) -> None:
    learner = searching()
    accept(learner, accepted)
    learner.refused(700)

    assert learner.resumed(90.0, waited) is goes_on
    assert learner.limit == limit
    assert is_searching(learner) is goes_on


@pytest.mark.parametrize(
    ("refused_at", "accepted", "limit"),
    [(740, 1300, 695), (740, 200, 670), (740, 1600, 740), (760, 200, 675)],
)
@pytest.mark.parametrize("minutes", [2.0, 2.5])
def test_a_long_round_of_a_search_ends_it_between_its_two_measures(
    refused_at: int, accepted: int, limit: float, minutes: float
) -> None:
    learner = searching()
    grow(learner, 35.0)
    accept(learner, round(accepted * minutes / 2))
    learner.refused(refused_at)

    assert learner.resumed(30 + 60 * minutes, 1.0) is False
    assert learner.limit == approx(limit)
    assert not is_searching(learner)


def test_a_long_round_far_above_the_old_limit_is_no_end_of_the_search() -> None:
    learner = searching()
    grow(learner, 35.0, 37.0)
    learner.refused(900)

    assert learner.resumed(150.0, 1.0) is False
    assert learner.limit == 900
    assert is_searching(learner)
