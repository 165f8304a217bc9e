"""The limit learner against simulated servers, in virtual time.

The simulator stands beside the benchmarks, which print the whole table. Every figure here
comes from fixed seeds: the same on every machine, however busy.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from functools import cache
from random import Random
from typing import Any

import pytest
from _limits_simulator import (
    SERVERS,
    Client,
    Figures,
    Scenario,
    figures,
    naive,
    oracle,
    run,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from pixlab_async._learner import LOWEST_LIMIT
from pixlab_async._pacer import LONGEST_PAUSE, Pacer, Ticket

pytestmark = pytest.mark.once

EVERY_SERVER = pytest.mark.parametrize("server", SERVERS)
BOTH_WAYS = pytest.mark.parametrize("announces", [True, False], ids=["Retry-After", "no header"])

CHANGING = ((0.0, 600.0), (600.0, 200.0), (1200.0, 1200.0))
# What is in flight at the first refusal of all cannot be called back.
HERD = 64


@EVERY_SERVER
@BOTH_WAYS
@pytest.mark.parametrize("workers", [10, 16, HERD])
def test_600_a_minute_are_nearly_all_used_and_seldom_exceeded(
    server: str, announces: bool, workers: int
) -> None:
    found = figures(Scenario(server, announces=announces, workers=workers))

    assert found.share >= 0.94
    assert found.per_thousand <= 5


@EVERY_SERVER
@BOTH_WAYS
@pytest.mark.parametrize("workers", [10, HERD])
def test_60_a_minute_are_nearly_all_used_too(server: str, announces: bool, workers: int) -> None:
    scenario = Scenario(server, ((0.0, 60.0),), announces=announces, workers=workers)

    found = figures(scenario)

    assert found.share >= 0.93
    # One refusal in half a minute at the most, apart from the first event's.
    assert found.refused <= workers + 60


@EVERY_SERVER
@BOTH_WAYS
def test_6000_a_minute_are_used_as_well_as_by_who_knows_the_limit(
    server: str, announces: bool
) -> None:
    scenario = Scenario(server, ((0.0, 6000.0),), announces=announces, workers=16, minutes=5)

    found = figures(scenario)

    assert found.accepted >= 0.94 * figures(scenario, oracle).accepted
    assert found.per_thousand <= 5


@cache
def while_it_changes(server: str, announces: bool) -> Figures:
    return figures(Scenario(server, CHANGING, announces=announces, workers=16))


@EVERY_SERVER
@BOTH_WAYS
def test_a_limit_that_changes_is_followed(server: str, announces: bool) -> None:
    found = while_it_changes(server, announces)

    assert found.share >= 0.84
    assert found.per_thousand <= 5


def test_over_all_servers_a_limit_that_changes_is_followed_to_86_in_a_hundred() -> None:
    shares = [
        while_it_changes(server, announces).share
        for server, announces in itertools.product(SERVERS, [True, False])
    ]

    assert sum(shares) / len(shares) >= 0.86


@BOTH_WAYS
def test_each_request_for_itself_is_refused_far_more_often(announces: bool) -> None:
    scenario = Scenario("slidingR", announces=announces, workers=16)

    assert figures(scenario, naive).per_thousand > 10 * figures(scenario).per_thousand


@pytest.mark.parametrize("announces", [True, False], ids=["Retry-After", "no header"])
def test_a_service_that_refuses_everything_is_asked_seldom(announces: bool) -> None:
    client = Client(Pacer(random=Random(4)))
    limits = ((0.0, 600.0), (120.0, 0.0))

    run(Scenario("fixed", limits, announces=announces), client)

    late = [moment for moment in client.sent_at if moment > 240]
    assert len(late) <= (1800 - 240) / 11.0
    assert isinstance(client.rule, Pacer)
    assert client.rule.refused_for > 1500


@pytest.mark.parametrize("limit", [60.0, 600.0])
def test_a_pinned_rate_is_never_exceeded_in_any_minute(limit: float) -> None:
    client = Client(Pacer(limit), workers=64)

    run(Scenario("bucketN", ((0.0, 10 * limit),), minutes=10), client)

    assert client.refused == 0
    assert most_in_a_minute(client.sent_at) <= limit


@EVERY_SERVER
def test_a_learnt_limit_is_never_exceeded_in_any_minute(server: str) -> None:
    pacer = Learnt(random=Random(6))
    client = Client(pacer, workers=16)

    run(Scenario(server, announces=False, minutes=10), client)

    # Apart from a search for another limit: half of that much higher at the most.
    assert most_in_a_minute([at for at in client.sent_at if at > 180]) <= 1.5 * 600
    for end, limit in pacer.limits:
        start = bisect_left(client.sent_at, end - 60)
        assert bisect_left(client.sent_at, end) - start <= math.ceil(limit)


class Learnt(Pacer):
    """Keeps the limit of each moment at which something was sent, past the discovery."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.limits: list[tuple[float, float]] = []

    def take(self, now: float) -> Ticket:
        if self.limit is not None and now > 180:
            self.limits.append((now, self.limit))
        return super().take(now)


def most_in_a_minute(moments: list[float]) -> int:
    return max(bisect_left(moments, start + 60.0) - index for index, start in enumerate(moments))


@EVERY_SERVER
@BOTH_WAYS
def test_four_clients_that_do_not_know_of_each_other_share_the_limit(
    server: str, announces: bool
) -> None:
    clients = [Client(Pacer(random=Random(10 + number))) for number in range(4)]
    scenario = Scenario(server, announces=announces)

    service = run(scenario, *clients)

    shares = [client.accepted for client in clients]
    assert sum(shares) >= 0.9 * service.most(scenario.minutes * 60)
    # Jain's index: 1 where all have the same, 0.25 where one has everything.
    assert sum(shares) ** 2 / (4 * sum(share**2 for share in shares)) >= 0.65


@EVERY_SERVER
@BOTH_WAYS
def test_a_foreground_caller_is_seldom_refused_while_a_batch_runs(
    server: str, announces: bool
) -> None:
    client = Client(Pacer(random=Random(7)), workers=16, foreground_every=0.5)

    run(Scenario(server, announces=announces), client)

    assert client.foreground_refused < 0.06 * client.foreground_calls


def test_who_begins_with_a_limit_of_an_earlier_run_is_not_refused_at_first() -> None:
    pacer = Pacer(random=Random(8))
    pacer.seed(600.0)
    client = Client(pacer, workers=64)

    service = run(Scenario("sliding", minutes=5), client)

    assert client.accepted >= 0.9 * service.most(300)
    assert client.refused <= 5


def test_the_simulator_s_oracle_is_never_refused() -> None:
    found = figures(Scenario("sliding", minutes=5), oracle)

    assert found.refused == 0


# --- Whatever comes -------------------------------------------------------------------------

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["take", "accepted", "limited", "late", "lost", "give_back", "sleep"]),
        st.floats(0.0, 200.0),
        st.one_of(st.none(), st.floats(0.0, 1e6)),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(EVENTS, st.one_of(st.none(), st.floats(1.0, 1e5)), st.booleans())
def test_whatever_comes_the_pacer_lets_go_on_in_time_and_probes_with_one(
    events: list[tuple[str, float, float | None]], limit: float | None, pinned: bool
) -> None:
    pacer = Pacer(limit if pinned else None, random=Random(9))
    if limit is not None:
        pacer.seed(limit)
    now, out, sent = 0.0, list[Ticket](), 0
    for event, seconds, asked in events:
        now += seconds
        if event == "take":
            wait = pacer.delay(now)
            now += wait if wait < math.inf else 0.0
            # A rounding may leave a sliver.
            while 0.0 < (sliver := pacer.delay(now)) < 0.01:
                now += max(sliver, 1e-6)
            if pacer.delay(now) == 0:
                out.append(pacer.take(now))
                sent += 1
        elif out and event != "sleep":
            ticket = out.pop(0 if event == "late" else -1)
            tell(pacer, event, ticket, now, asked)

        probes = sum(ticket.probe for ticket in out)
        delay = pacer.delay(now)
        assert probes <= 1
        assert delay >= 0.0
        assert delay <= LONGEST_PAUSE + 61 or (delay == math.inf and probes == 1)
        if pacer.limit is not None and not pinned:
            assert LOWEST_LIMIT <= pacer.limit <= max(1e5, 100.0 * sent + 100)
        assert pacer.refused_for >= 0


def tell(pacer: Pacer, event: str, ticket: Ticket, now: float, asked: float | None) -> None:
    if event == "limited":
        pacer.limited(ticket, now, asked)
    elif event == "lost":
        pacer.lost(ticket)
    elif event == "give_back":
        pacer.give_back(ticket)
    else:
        pacer.accepted(ticket, now)
