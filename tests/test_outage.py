"""A service that is down for a while: a batch waits for it, and does not burn its list."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractAsyncContextManager
from random import Random

import anyio
import pytest

from pixlab_async import (
    AsyncPixLab,
    BatchStopped,
    BatchSummary,
    ConnectionFailed,
    DeletionState,
    NotFound,
    RateLimited,
    ServerFailed,
)
from pixlab_async._bulk._outage import LONGEST_WAIT, PATIENCE, TELLING, Outage
from pixlab_async.transports import Reply, Request, Stream, TransportFault

from .simulated import SimulatedService, _reply
from .test_bulk import KEY, ids, run_on_a_fast_clock


class Down(SimulatedService):
    """Cannot be reached, or fails, for some seconds of anyio's clock."""

    def __init__(self, begins: float, seconds: float, *, status: int = 0) -> None:
        super().__init__(1_000_000, announce_wait=False)
        self._begins, self._ends, self._status = begins, begins + seconds, status
        self.turned_away = 0

    async def send(self, request: Request) -> Reply:
        now = anyio.current_time()
        if not self._begins <= now < self._ends:
            return await super().send(request)

        self.turned_away += 1
        await anyio.sleep(0.05)
        if self._status:
            return _reply(self._status, {}, error="busy")

        raise TransportFault("refused", sent=False)

    def fetch(self, url: str, *, timeout: float) -> AbstractAsyncContextManager[Stream]:
        raise NotImplementedError


def deleted_from(service: SimulatedService, count: int) -> BatchSummary:
    summaries: list[BatchSummary] = []

    async def job() -> None:
        async with AsyncPixLab(api_key=KEY, transport=service) as pixlab:
            try:
                summaries.append(await pixlab.delete_all(ids(count)))
            except BatchStopped as stopped:
                assert stopped.batch is not None
                summaries.append(stopped.batch)

    run_on_a_fast_clock(job)
    return summaries[0]


@pytest.mark.parametrize("status", [0, 500, 503], ids=["refused", "500", "503"])
def test_an_outage_of_minutes_costs_no_link_and_few_requests(status: int) -> None:
    service = Down(5.0, 300.0, status=status)

    summary = deleted_from(service, 2000)

    gone = summary.counts[DeletionState.DELETED] + summary.counts.get(
        DeletionState.DELETED_UNCONFIRMED, 0
    )
    assert gone == 2000
    assert service.turned_away < 200


def test_an_outage_without_an_end_stops_the_batch_after_ten_minutes() -> None:
    summary = deleted_from(Down(5.0, 1e9), 5000)

    assert isinstance(summary.stopped, BatchStopped)
    assert summary.stopped.reason == "unreachable"
    assert summary.elapsed == pytest.approx(PATIENCE, abs=2 * LONGEST_WAIT)
    assert summary.counts[DeletionState.FAILED] < 100
    assert summary.total < 5000


def test_a_stop_ends_the_pause_at_once() -> None:
    service = Down(0.0, 1e9)
    states: Counter[DeletionState] = Counter()

    async def job() -> None:
        async with AsyncPixLab(api_key=KEY, transport=service) as pixlab:
            async with pixlab.delete_many(ids(500)) as batch:
                await anyio.sleep(60)
                assert batch.down_for() is not None
                batch.stop()
                stopped_at = anyio.current_time()
                async for outcome in batch:
                    states[outcome.state] += 1
                assert anyio.current_time() - stopped_at < 20  # one call's own attempts
            assert pixlab.stats().in_use == 0

    run_on_a_fast_clock(job)

    assert set(states) == {DeletionState.FAILED}


def test_a_short_list_is_not_kept_waiting() -> None:
    summary = deleted_from(Down(0.0, 1e9), TELLING - 1)

    assert summary.counts == {DeletionState.FAILED: TELLING - 1}
    assert summary.stopped is None


def test_trouble_in_a_row_means_down_and_any_answer_ends_that() -> None:
    outage = Outage()
    for second in range(TELLING):
        assert not outage.is_down
        outage.failed(ConnectionFailed("no"), float(second))

    assert outage.is_down
    assert outage.lasts(100.0) == 100.0
    outage.answered()
    assert not outage.is_down
    assert outage.lasts(100.0) == 0.0


@pytest.mark.parametrize("error", [RateLimited("wait", status=429), NotFound("no"), None])
def test_what_is_no_trouble_counts_for_nothing(error: RateLimited | NotFound | None) -> None:
    outage = Outage(telling=1)

    outage.failed(error, 1.0)

    assert not outage.is_down


def test_the_waits_grow_to_a_minute_and_begin_anew_after_an_answer() -> None:
    outage = Outage(telling=1, random=Random(1))
    outage.failed(ServerFailed("busy", status=500), 1.0)

    waits = [outage.wait() for _ in range(9)]

    assert all(0.75 * 2**n <= wait <= 2**n for n, wait in enumerate(waits[:6]))
    assert all(0.75 * LONGEST_WAIT <= wait <= LONGEST_WAIT for wait in waits[6:])
    outage.answered()
    assert outage.wait() <= 1
