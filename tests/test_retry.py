"""The edges of the retry rule: the last attempt, the longest wait, the smallest number."""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from pixlab_async import (
    ConfigurationError,
    ConnectionFailed,
    PixLabError,
    RateLimited,
    RetryPolicy,
    ServerFailed,
)
from pixlab_async._retry import RetryBudget, parse_retry_after

LIMITED = RateLimited("429", status=429)
SEVEN = "Wed, 21 Oct 2015 07:28:00 GMT"


def wait(error: PixLabError, policy: RetryPolicy, *, attempt: int) -> float | None:
    return policy.wait(error, attempt=attempt, repeatable=True, replayable=True, random=Random(1))


@pytest.fixture
def _far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "XXX-05:30")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    "numbers",
    [{"attempts": 1}, {"limited_attempts": 1}, {"base": 0.0}, {"cap": 0.0}, {"max_wait": 0.0}],
)
def test_the_smallest_numbers_are_taken(numbers: dict[str, Any]) -> None:
    assert RetryPolicy(**numbers)


def test_a_policy_without_attempts_is_told_where_they_start() -> None:
    with pytest.raises(
        ConfigurationError, match=r"^RetryPolicy: attempts and limited_attempts start at 1\.$"
    ):
        RetryPolicy(attempts=0)


@pytest.mark.parametrize(("attempt", "again"), [(1, True), (2, True), (3, False), (4, False)])
def test_the_last_attempt_is_the_last(attempt: int, again: bool) -> None:
    refused = ConnectionFailed("refused")

    assert (wait(refused, RetryPolicy(), attempt=attempt) is not None) == again


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 0.0), (4, 0.0), (5, None), (6, None), (9, None)]
)
def test_429s_have_attempts_of_their_own_and_no_wait(attempt: int, seconds: float | None) -> None:
    policy = RetryPolicy(attempts=2, limited_attempts=5)

    assert wait(LIMITED, policy, attempt=attempt) == seconds


def test_the_longest_wait_is_waited_for() -> None:
    asked = ServerFailed("503", status=503, retry_after=60.0)

    assert wait(asked, RetryPolicy(), attempt=1) == 60.0


def test_what_is_not_implemented_is_not_tried_again() -> None:
    assert wait(ServerFailed("501", status=501), RetryPolicy(), attempt=1) is None


# --- Budget -------------------------------------------------------------------------------


def test_time_earns_from_the_last_retry_on_and_not_from_the_clocks_beginning() -> None:
    budget = RetryBudget(burst=1.0)
    budget.spend(1000.0)

    assert not budget.spend(1005.0)
    assert budget.spend(1010.0)


def test_a_retry_that_is_earned_but_for_a_rounding_is_earned() -> None:
    assert RetryBudget(burst=1.0 - 1e-9).spend(0.0)
    assert not RetryBudget(burst=1.0 - 2e-9).spend(0.0)


# --- Dates --------------------------------------------------------------------------------


def test_the_zone_of_a_date_counts() -> None:
    assert parse_retry_after("Wed, 21 Oct 2015 09:28:30 +0200", SEVEN, 0.0) == 30.0


@pytest.mark.usefixtures("_far_from_greenwich")
def test_a_date_that_names_no_zone_is_greenwichs_wherever_this_machine_is() -> None:
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:30 -0000", SEVEN, 0.0) == 30.0
