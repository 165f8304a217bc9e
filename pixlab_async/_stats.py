"""A client's state at one moment, as a value."""

from __future__ import annotations

import anyio
from attrs import frozen

from ._core import Core


@frozen
class Stats:
    """A client's state at one moment, connections and limits shared with derived clients.

    Attributes:
        connections: Requests that may be under way at once.
        in_use: Requests that are under way.
        queued: Calls that wait for a connection or for the rate limit.
        calls: Calls made so far.
        retries: Attempts beyond the first.
        rate_limited: Answers with status 429.
        limit_per_minute: The rate limit, pinned or learnt; None while none is known.
        limit_pinned: Whether that was given as ``rate``.
        paused_for: Seconds of the present rate-limit pause that are left.
        refused_for: Seconds from the first 429 in a row to the last; 0 where the last answer
            was none.
    """

    connections: int
    in_use: int
    queued: int
    calls: int
    retries: int
    rate_limited: int
    limit_per_minute: float | None
    limit_pinned: bool
    paused_for: float
    refused_for: float


def stats_of(core: Core) -> Stats:
    """The state now. Call it inside the event loop."""
    gates = [lane.gate for lane in core.lanes]
    pacer = core.main.gate.pacer
    return Stats(
        connections=core.main.gate.capacity,
        in_use=sum(gate.in_use for gate in gates),
        queued=sum(gate.queued for gate in gates),
        calls=core.calls,
        retries=core.retries,
        rate_limited=sum(gate.pacer.refusals for gate in gates),
        limit_per_minute=pacer.limit,
        limit_pinned=pacer.pinned,
        paused_for=pacer.paused_for(anyio.current_time()),
        refused_for=pacer.refused_for,
    )
