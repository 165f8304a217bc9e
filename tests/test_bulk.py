"""Batches of deletions: one outcome per link, bounded, stopped where all would fail."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

from pixlab_async import (
    AsyncPixLab,
    AuthenticationFailed,
    ConfigurationError,
    DeletionState,
    Media,
    MethodNotAllowed,
    Outcome,
    RetryPolicy,
    ServerFailed,
)
from pixlab_async import _bulk as bulk
from pixlab_async.emulator import Emulator, Fault

from .conftest import QUICK
from .scripted import wait_until
from .simulated import SimulatedService

KEY = "0123456789abcdef0123456789abcdef"


def ids(count: int) -> Iterator[str]:
    return (f"1p{number:013x}.png" for number in range(count))


async def outcomes(batch: bulk.DeleteMany) -> list[Outcome]:
    return [outcome async for outcome in batch]


async def test_every_link_has_one_outcome(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    stored = [await pixlab.store(picture) for _ in range(5)]
    links: list[str | Media] = [*stored, "1pnever0123456789abc.png"]

    found = await outcomes(pixlab.delete_many(links))

    assert sorted(outcome.index for outcome in found) == list(range(6))
    assert {outcome.link: str(outcome.state) for outcome in found} == {
        **{media.link: "deleted" for media in stored},
        "1pnever0123456789abc.png": "already_gone",
    }
    assert emulator.stored() == []


async def test_links_come_from_an_async_iterable_too(pixlab: AsyncPixLab) -> None:
    async def links() -> AsyncIterator[str]:
        for link in ids(25):
            await anyio.lowlevel.checkpoint()
            yield link

    found = await outcomes(pixlab.delete_many(links(), concurrency=4))

    assert sorted(outcome.link for outcome in found) == list(ids(25))


async def test_no_links_have_no_outcomes(pixlab: AsyncPixLab) -> None:
    assert await outcomes(pixlab.delete_many([])) == []


async def test_a_batch_in_a_block_goes_on_while_the_loop_is_busy(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    async with pixlab.delete_many(ids(30), concurrency=3) as batch:
        async for _ in batch:
            await anyio.to_thread.run_sync(wait_until, lambda: len(emulator.received) >= 30)
            break
        rest = await outcomes(batch)

    assert len(rest) == 29


async def test_links_are_taken_as_they_are_needed(pixlab: AsyncPixLab) -> None:
    taken: list[str] = []

    def links() -> Iterator[str]:
        for link in ids(100_000):
            taken.append(link)
            yield link

    async for _ in pixlab.delete_many(links(), concurrency=2):
        break

    assert len(taken) < 3000


async def test_a_consumer_that_does_not_keep_up_holds_the_batch_back(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    send = pixlab._send_of_batch
    feed, rules = bulk.IterableFeed(ids(1000)), bulk.BatchRules(concurrency=4, missing_ok=True)
    async with bulk.DeleteMany(send, feed, rules, window=10) as batch:
        await anext(batch)
        await anyio.to_thread.run_sync(wait_until, lambda: len(emulator.received) >= 12)
        await anyio.wait_all_tasks_blocked()

        assert len(emulator.received) <= 20
        assert len(await outcomes(batch)) == 999


async def test_leaving_a_loop_leaves_nothing_running(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    async for _ in pixlab.delete_many(ids(500), concurrency=5):
        break

    assert pixlab.stats().in_use == 0
    seen = len(emulator.received)
    await pixlab.status()
    assert len(emulator.received) == seen + 1


async def test_leaving_a_block_cancels_and_tells_what_was_under_way(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="delete", latency=60.0, times=None))
    async with pixlab.delete_many(ids(500), concurrency=5) as batch:
        await anyio.to_thread.run_sync(wait_until, lambda: len(emulator.received) >= 5)

    rest = await outcomes(batch)
    assert {outcome.state for outcome in rest} == {DeletionState.UNKNOWN}
    assert len(rest) == 5
    assert pixlab.stats().in_use == 0


async def test_an_error_in_the_block_comes_through_as_it_is(pixlab: AsyncPixLab) -> None:
    with pytest.raises(KeyError):
        async with pixlab.delete_many(ids(5)):
            raise KeyError


async def cancelled_after(emulator: Emulator, requests: int, batch: bulk.DeleteMany) -> None:
    """Wait for the next outcome, and be cancelled when so many were asked for."""

    async def cancel(scope: anyio.CancelScope) -> None:
        await anyio.to_thread.run_sync(wait_until, lambda: len(emulator.received) == requests)
        scope.cancel()

    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as scope:
            group.start_soon(cancel, scope)
            await anext(batch)


async def test_a_cancelled_loop_can_be_gone_on_with(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="delete", latency=60.0, times=3))
    batch = pixlab.delete_many(ids(10), concurrency=3)
    await cancelled_after(emulator, 3, batch)

    found = await outcomes(batch)

    states = [outcome.state for outcome in sorted(found, key=lambda outcome: outcome.index)]
    assert states[:3] == [DeletionState.UNKNOWN] * 3
    assert states[3:] == [DeletionState.ALREADY_GONE] * 7


async def test_what_was_never_sent_is_told_apart(emulator: Emulator) -> None:
    emulator.inject(Fault(endpoint="delete", latency=60.0))
    async with AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, connections=1
    ) as pixlab:
        batch = pixlab.delete_many(ids(2), concurrency=2)
        await cancelled_after(emulator, 1, batch)
        found = await outcomes(batch)

    assert sorted(str(outcome.state) for outcome in found) == ["not_sent", "unknown"]


async def test_a_bad_link_does_not_stop_the_others(pixlab: AsyncPixLab) -> None:
    found = await outcomes(pixlab.delete_many(["two words", *ids(2)]))

    bad = next(outcome for outcome in found if outcome.link == "two words")
    assert (bad.state, type(bad.error)) == (DeletionState.REJECTED, ConfigurationError)
    assert len(found) == 3


async def test_trouble_with_one_link_is_told_in_its_outcome(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=None))

    (failed,) = await outcomes(pixlab.delete_many(ids(1), second_pass=False))

    assert (failed.state, type(failed.error)) == (DeletionState.FAILED, ServerFailed)
    assert failed.attempts == 3


async def test_a_refused_link_is_rejected(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.inject(Fault(endpoint="delete", status=415))

    (refused,) = await outcomes(pixlab.delete_many(ids(1)))

    assert refused.state is DeletionState.REJECTED


async def test_a_lost_reply_ends_as_deleted_unconfirmed(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    media = await pixlab.store(picture)
    emulator.inject(Fault(endpoint="delete", acts=True, reset="middle"))

    (gone,) = await outcomes(pixlab.delete_many([media]))

    assert gone.state is DeletionState.DELETED_UNCONFIRMED


@pytest.mark.parametrize("in_a_block", [False, True])
async def test_a_401_stops_the_batch_after_its_outcomes(
    emulator: Emulator, in_a_block: bool
) -> None:
    async with AsyncPixLab(base_url=emulator.base_url, api_key=KEY, retry=QUICK) as pixlab:
        batch = pixlab.delete_many(ids(1000), concurrency=5)
        found: list[Outcome] = []
        with pytest.raises(AuthenticationFailed):
            if in_a_block:
                async with batch:
                    async for outcome in batch:
                        found.append(outcome)
            else:
                async for outcome in batch:
                    found.append(outcome)

    assert 1 <= len(found) == len(emulator.received) <= 10
    assert {outcome.state for outcome in found} == {DeletionState.REJECTED}


async def test_a_405_stops_the_batch(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.inject(Fault(endpoint="delete", status=405))

    with pytest.raises(MethodNotAllowed):
        await outcomes(pixlab.delete_many(ids(1000)))


async def test_a_missing_key_stops_the_batch(emulator: Emulator) -> None:
    async with AsyncPixLab(base_url=emulator.base_url) as pixlab:
        with pytest.raises(ConfigurationError, match="No API key"):
            await outcomes(pixlab.delete_many(ids(10)))

    assert not emulator.received


async def test_an_iterable_that_fails_ends_the_batch_after_its_outcomes(
    pixlab: AsyncPixLab,
) -> None:
    def links() -> Iterator[str]:
        yield from ids(3)
        raise OSError("the disk")

    found: list[Outcome] = []
    with pytest.raises(OSError, match="the disk"):
        async for outcome in pixlab.delete_many(links(), concurrency=2):
            found.append(outcome)

    assert len(found) == 3


async def test_a_transport_that_breaks_ends_the_batch(emulator: Emulator) -> None:
    class Broken:
        async def send(self, request: Any) -> Any:
            raise ZeroDivisionError

        def fetch(self, url: str, *, timeout: float) -> Any: ...

        async def aclose(self) -> None: ...

    async with AsyncPixLab(api_key=KEY, transport=Broken()) as pixlab:
        found: list[Outcome] = []
        with pytest.raises(ZeroDivisionError):
            async for outcome in pixlab.delete_many(ids(100), concurrency=1):
                found.append(outcome)

    assert [outcome.state for outcome in found] == [DeletionState.UNKNOWN]


@pytest.mark.parametrize("links", ["https://example.org/a.png", b"bytes"])
async def test_one_link_is_not_taken_for_many(pixlab: AsyncPixLab, links: Any) -> None:
    with pytest.raises(ConfigurationError, match="pass \\[link\\]"):
        pixlab.delete_many(links)


async def test_at_least_one_at_once(pixlab: AsyncPixLab) -> None:
    with pytest.raises(ConfigurationError, match="concurrency"):
        pixlab.delete_many([], concurrency=0)


async def test_an_interactive_call_does_not_wait_for_a_batch(emulator: Emulator) -> None:
    async with AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, connections=3, retry=RetryPolicy()
    ) as pixlab:
        emulator.inject(Fault(endpoint="delete", latency=60.0, times=2))
        async with pixlab.delete_many(ids(2), concurrency=3) as batch:
            await anyio.to_thread.run_sync(wait_until, lambda: len(emulator.received) >= 2)
            await pixlab.status()
            emulator.clear()  # both are answered with 503, and ask again
            assert len(await outcomes(batch)) == 2


# --- On a fast clock ------------------------------------------------------------------------


def run_on_a_fast_clock(job: Any) -> None:
    """Run on trio's clock that jumps whenever everybody sleeps."""
    import trio.testing

    anyio.run(
        job,
        backend="trio",
        backend_options={"clock": trio.testing.MockClock(autojump_threshold=0)},
    )


@pytest.mark.parametrize("announce_wait", [True, False], ids=["Retry-After", "no header"])
@pytest.mark.parametrize("concurrency", [10, 50])
def test_2000_links_under_600_a_minute_lose_nothing_and_are_seldom_refused(
    announce_wait: bool, concurrency: int
) -> None:
    service = SimulatedService(600, announce_wait=announce_wait, phase=13.0)

    async def job() -> None:
        async with AsyncPixLab(api_key=KEY, transport=service) as pixlab:
            found = await outcomes(pixlab.delete_many(ids(2000), concurrency=concurrency))

        assert sorted(outcome.index for outcome in found) == list(range(2000))
        assert {outcome.state for outcome in found} == {DeletionState.DELETED}

    run_on_a_fast_clock(job)

    assert service.refused < 0.1 * service.requests
    assert service.deleted == 2000


def test_a_pinned_rate_is_never_exceeded() -> None:
    service = SimulatedService(600, announce_wait=True, phase=31.0)

    async def job() -> None:
        async with AsyncPixLab(api_key=KEY, transport=service, rate="540/min") as pixlab:
            await outcomes(pixlab.delete_many(ids(1200)))

    run_on_a_fast_clock(job)

    assert service.refused == 0


def test_a_batch_survives_random_trouble_with_one_outcome_each() -> None:
    service = SimulatedService(6000, announce_wait=False, trouble=random.Random(3))

    async def job() -> list[Outcome]:
        async with AsyncPixLab(api_key=KEY, transport=service) as pixlab:
            return await outcomes(pixlab.delete_many(ids(3000), concurrency=20))

    found: list[Outcome] = []

    async def keep() -> None:
        found.extend(await job())

    run_on_a_fast_clock(keep)

    assert sorted(outcome.index for outcome in found) == list(range(3000))
    gone = {"deleted", "deleted_unconfirmed"}
    assert all((outcome.link in service.gone) for outcome in found if str(outcome.state) in gone)


async def test_a_none_among_the_links_is_rejected_and_ends_nothing(pixlab: AsyncPixLab) -> None:
    links: Any = ["a.png", None, "b.png"]

    found = await outcomes(pixlab.delete_many(links))

    assert {outcome.link: str(outcome.state) for outcome in found} == {
        "a.png": "already_gone",
        "<NoneType>": "rejected",
        "b.png": "already_gone",
    }


async def test_what_is_no_iterable_is_refused(pixlab: AsyncPixLab) -> None:
    links: Any = 5

    with pytest.raises(ConfigurationError, match="not int"):
        pixlab.delete_many(links)


async def test_a_401_does_not_wait_for_the_next_link(emulator: Emulator) -> None:
    async def links() -> AsyncIterator[str]:
        yield "a.png"
        await anyio.sleep_forever()

    async with AsyncPixLab(base_url=emulator.base_url, api_key=KEY, retry=QUICK) as pixlab:
        with anyio.fail_after(5), pytest.raises(AuthenticationFailed):
            await outcomes(pixlab.delete_many(links(), concurrency=3))


async def test_an_async_generator_that_a_cancellation_ended_is_told_of(
    pixlab: AsyncPixLab,
) -> None:
    async def links() -> AsyncIterator[str]:
        yield "a.png"
        await anyio.sleep(0.2)
        yield "b.png"

    batch = pixlab.delete_many(links(), concurrency=2)
    with anyio.move_on_after(0.1):
        await outcomes(batch)

    with pytest.raises(ConfigurationError, match="were not taken"):
        await outcomes(batch)


async def test_an_async_iterator_that_survives_a_cancellation_goes_on(
    pixlab: AsyncPixLab,
) -> None:
    class Links:
        def __init__(self) -> None:
            self.left = list(ids(3))
            self.slow = True

        def __aiter__(self) -> Links:
            return self

        async def __anext__(self) -> str:
            if self.slow:
                self.slow = False
                await anyio.sleep_forever()
            if not self.left:
                await anyio.lowlevel.checkpoint()
                raise OSError("no more, and no end")
            return self.left.pop()

    batch = pixlab.delete_many(Links(), concurrency=1)
    with anyio.move_on_after(0.05):
        await outcomes(batch)

    found: list[Outcome] = []
    with pytest.raises(OSError, match="no end"):
        async for outcome in batch:
            found.append(outcome)
    assert len(found) == 3
