"""How far a job is at one moment, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

Phase = Literal["reading", "deleting", "second pass", "stopping"]


@frozen(kw_only=True)
class Progress:
    """How far a job is at one moment. Times are in seconds, rates in links per minute.

    Attributes:
        phase: What it does: read its input, delete, try again what failed, or stop in order.
        total: How many links there are, or None where that is not known.
        settled: How many of them have their final state.
        to_send: How many are left to be sent, or None where that is not known.
        counts: Links by state.
        in_flight: Deletions that are under way.
        rate_now: Links that were settled in the last ten seconds or so, per minute.
        limit: The rate limit, learnt or pinned, or None while none is known.
        pinned: Whether the user gave the limit.
        rate_limited: Answers with status 429 so far.
        paused_for: How long nothing is sent yet, because of one or of an outage.
        down: Whether that is an outage: the service cannot be reached, or fails.
        latency_p50: How long a deletion takes in the middle, or None before the first.
        latency_p95: How long 95 of 100 take at most, or None before the first.
        elapsed: How long it has been running.
        time_left: How long it will take about, or None while that is not known.
    """

    phase: Phase = "deleting"
    total: int | None = None
    settled: int = 0
    to_send: int | None = None
    counts: Mapping[str, int] = field(factory=dict[str, int])
    in_flight: int = 0
    rate_now: float = 0.0
    limit: float | None = None
    pinned: bool = False
    rate_limited: int = 0
    paused_for: float = 0.0
    down: bool = False
    latency_p50: float | None = None
    latency_p95: float | None = None
    elapsed: float = 0.0
    time_left: float | None = None
