"""The pure parts of a batch: fuses, order, duplicates, counts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixlab_async import (
    AuthenticationFailed,
    BadRequest,
    BatchStopped,
    ConfigurationError,
    DeletionState,
    MethodNotAllowed,
    Outcome,
    PixLabError,
    ServerFailed,
    UnsupportedMedia,
)
from pixlab_async._bulk import BatchRules
from pixlab_async._bulk._order import Duplicates, InputOrder
from pixlab_async._bulk._rules import TELLING, Fuses
from pixlab_async._bulk._summary import Latencies, masked
from pixlab_async.cleanup._totals import Totals

DELETED, GONE, UNCONFIRMED, REJECTED, FAILED, UNKNOWN, NOT_SENT = (
    DeletionState.DELETED,
    DeletionState.ALREADY_GONE,
    DeletionState.DELETED_UNCONFIRMED,
    DeletionState.REJECTED,
    DeletionState.FAILED,
    DeletionState.UNKNOWN,
    DeletionState.NOT_SENT,
)
WRONG = BadRequest("no", status=400)
DOWN = ServerFailed("down", status=500)


def outcome(index: int, link: str = "a.png", state: DeletionState = DELETED) -> Outcome:
    return Outcome(index, link, state, None, 1, None, 0.1, 0, False)


def reason_of(stop: PixLabError | None) -> str:
    assert isinstance(stop, BatchStopped)
    return stop.reason


# --- Fuses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [GONE, UNCONFIRMED])
def test_nothing_stored_at_fifty_links_blows_whether_or_not_a_reply_was_lost(
    state: DeletionState,
) -> None:
    fuses = Fuses(BatchRules())

    assert [fuses.judge(state, None) for _ in range(TELLING - 1)] == [None] * (TELLING - 1)
    assert reason_of(fuses.judge(state, None)) == "nothing_found"


def test_both_kinds_of_404_count_together() -> None:
    fuses = Fuses(BatchRules())
    judged = [fuses.judge((GONE, UNCONFIRMED)[n % 2], None) for n in range(TELLING)]

    assert reason_of(judged[-1]) == "nothing_found"


def test_a_deletion_that_was_not_confirmed_shows_nothing() -> None:
    fuses = Fuses(BatchRules())
    fuses.judge(UNCONFIRMED, None)

    assert not fuses.found


@pytest.mark.parametrize(
    ("rules", "found"), [(BatchRules(missing_ok=True), False), (BatchRules(), True)]
)
def test_missing_pictures_are_fine_where_something_was_found_or_that_is_said(
    rules: BatchRules, found: bool
) -> None:
    fuses = Fuses(rules, found)

    assert not any(fuses.judge(GONE, None) for _ in range(2 * TELLING))


def test_one_deletion_is_enough() -> None:
    fuses = Fuses(BatchRules())
    fuses.judge(DELETED, None)

    assert fuses.found
    assert not any(fuses.judge(GONE, None) for _ in range(2 * TELLING))


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (REJECTED, AuthenticationFailed("no", status=401)),
        (REJECTED, MethodNotAllowed("no", status=405)),
        (NOT_SENT, ConfigurationError("no key")),
    ],
)
def test_a_cause_that_all_links_share_blows_at_once(
    state: DeletionState, error: PixLabError
) -> None:
    assert Fuses(BatchRules()).judge(state, error) is error


def test_a_link_that_cannot_be_sent_is_its_own_fault() -> None:
    assert Fuses(BatchRules()).judge(REJECTED, ConfigurationError("two words")) is None


@pytest.mark.parametrize(("state", "error"), [(REJECTED, WRONG), (FAILED, DOWN)])
def test_the_first_failure_blows_where_that_is_asked_for(
    state: DeletionState, error: PixLabError
) -> None:
    assert Fuses(BatchRules(on_error="stop")).judge(state, error) is error


def test_failures_in_a_row_blow_and_others_break_the_row() -> None:
    fuses = Fuses(BatchRules(stop_after_failures=3))
    for state, error in [(FAILED, DOWN), (REJECTED, WRONG), (DELETED, None), (FAILED, DOWN)]:
        assert fuses.judge(state, error) is None
    assert fuses.judge(FAILED, DOWN) is None

    assert reason_of(fuses.judge(REJECTED, WRONG)) == "failures"


def test_fifty_refusals_with_one_status_blow() -> None:
    fuses = Fuses(BatchRules())
    judged = [fuses.judge(REJECTED, WRONG) for _ in range(TELLING)]

    assert judged[:-1] == [None] * (TELLING - 1)
    assert reason_of(judged[-1]) == "all_rejected"


def test_refusals_with_several_statuses_do_not() -> None:
    fuses = Fuses(BatchRules())
    other = UnsupportedMedia("no", status=415)

    assert not any(fuses.judge(REJECTED, (WRONG, other)[n % 2]) for n in range(4 * TELLING))


def test_trouble_of_the_service_never_counts_as_refusal() -> None:
    fuses = Fuses(BatchRules())

    assert not any(fuses.judge(FAILED, DOWN) for _ in range(4 * TELLING))


def test_so_many_links_may_be_sent_and_no_more() -> None:
    fuses = Fuses(BatchRules(max_deletes=2))

    assert [fuses.take(), fuses.take()] == [None, None]
    assert reason_of(fuses.take()) == "max_deletes"


# --- The input's order ----------------------------------------------------------------------


@given(st.permutations(range(30)))
def test_whatever_the_order_of_the_ends_all_come_out_in_the_input_s(ends: list[int]) -> None:
    order = InputOrder()

    released = [each.index for end in ends for each in order.release(outcome(end))]

    assert released == list(range(30))
    assert order.held == 0


# --- Duplicates -----------------------------------------------------------------------------


def test_a_repeat_waits_for_its_first_and_shares_its_outcome() -> None:
    duplicates = Duplicates()
    duplicates.first(0, "a.png")

    assert duplicates.repeat(1, "a.png") is None
    assert duplicates.waiting == 1
    (copy,) = duplicates.ended(outcome(0))
    assert (copy.index, copy.duplicate_of, copy.attempts, copy.elapsed) == (1, 0, 0, None)
    assert duplicates.waiting == 0


def test_a_repeat_after_the_end_has_its_outcome_at_once() -> None:
    duplicates = Duplicates()
    duplicates.first(0, "a.png")
    assert list(duplicates.ended(outcome(0))) == []

    copy = duplicates.repeat(1, "a.png")

    assert copy is not None
    assert copy.state is DELETED


def test_the_oldest_that_ended_is_forgotten() -> None:
    duplicates = Duplicates(remembered=2)
    for index, link in enumerate(["a", "b"]):
        duplicates.first(index, link)
        list(duplicates.ended(outcome(index, link)))
    duplicates.first(2, "c")

    assert [duplicates.seen(link) for link in "abc"] == [False, True, True]


def test_what_is_under_way_is_never_forgotten() -> None:
    duplicates = Duplicates(remembered=1)
    for index, link in enumerate(["a", "b", "c"]):
        duplicates.first(index, link)

    assert all(duplicates.seen(link) for link in "abc")


def test_the_outcome_of_a_link_that_was_forgotten_or_begun_anew_is_nobody_s() -> None:
    duplicates = Duplicates()
    duplicates.first(5, "a")

    assert list(duplicates.ended(outcome(0, "a"))) == []
    assert list(duplicates.ended(outcome(0, "never seen"))) == []


# --- Counts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.001, 0.08, 2.0])
def test_percentiles_are_right_within_a_fifth(scale: float) -> None:
    dice = random.Random(3)
    times = sorted(dice.lognormvariate(0, 1) * scale for _ in range(5000))
    latencies = Latencies()
    for seconds in times:
        latencies.add(seconds)

    found = latencies.value()

    for told, share in [(found.p50, 0.5), (found.p95, 0.95), (found.p99, 0.99)]:
        assert told is not None
        exact = times[int(share * len(times))]
        assert exact / 1.2 <= told <= exact * 1.2


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e6])
def test_a_time_beyond_all_measure_is_counted_all_the_same(seconds: float) -> None:
    latencies = Latencies()
    latencies.add(seconds)

    assert latencies.value().count == 1


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://media.example/24p62f73c9583ec6.jpeg", "media.example/…ec6.jpeg"),
        ("https://me:secret@media.example/24p62f73c9583ec6.jpeg", "media.example/…ec6.jpeg"),
        ("24p62f73c9583ec6.jpeg", "…ec6.jpeg"),
        ("short.png", "…"),
        ("http://a/b", "a/…"),
        ("", "…"),
    ],
)
def test_a_masked_link_shows_host_and_end_alone(link: str, shown: str) -> None:
    assert masked(link) == shown


def test_totals_of_earlier_runs_go_on_where_they_were() -> None:
    totals = Totals()
    dice = random.Random(4)
    for index in range(500):
        totals.add(
            Outcome(
                index,
                "a",
                DELETED,
                None,
                2,
                0 if index % 9 == 8 else None,
                dice.uniform(0, 9),
                index % 3,
                False,
            )
        )

    again = Totals.of(totals.facts())

    assert again.facts() == totals.facts()
    assert again.latency() == totals.latency()
    assert (again.attempts, again.duplicates, again.done) == (1000, 55, 0)


def test_totals_of_a_new_journal_are_empty() -> None:
    assert Totals.of({}).facts() == Totals().facts()


def test_the_rate_is_that_of_the_last_seconds() -> None:
    totals = Totals()
    assert totals.rate_now(0.0) == 0.0
    for second in range(1, 31):
        for index in range(2 if second <= 15 else 10):
            totals.add(outcome(index))
        rate = totals.rate_now(float(second))
        if second == 15:
            assert rate == pytest.approx(120)

    assert rate == pytest.approx(600)
