"""Jobs and batches that are cancelled at every step of the event loop, by scope and natively.

After each: nothing is taken or left running, what is reported is true, and a second run
finishes everything.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from threading import enumerate as threads
from typing import Any

import anyio
import pytest

from pixlab_async import AsyncPixLab, DeletionState, Outcome
from pixlab_async._bulk import DeleteMany
from pixlab_async.cleanup import CleanupJob
from pixlab_async.transports import TransportFault

from ..databases import ask
from ..scripted import wait_until
from ..stepping import Alarm, CountingLoop, run
from ..sweeping import by_scope, by_timeout, natively
from .answering import Answering
from .modelled import said

LINKS = [f"https://media.example/{number}.png" for number in range(6)]
# One that comes twice, one that is not there, one that is refused.
GIVEN = [*LINKS, LINKS[0], "https://media.example/gone.png", "https://media.example/bad.png"]

Work = Callable[[int], Awaitable[bool]]


def trouble(link: str, times: int) -> Any:
    if link.endswith("bad.png"):
        return said(400, error="no")

    if link.endswith("2.png") and times <= 3:
        return said(500, error="trouble")  # up to the second pass

    if link.endswith("3.png") and times == 1:
        return TransportFault("the connection broke", sent=True)

    return None


# --- How to cancel --------------------------------------------------------------------------

# At every turn of the event loop, and not at every step: there are very many.
WAYS: dict[str, Any] = {
    "by scope": by_scope,
    "by scope on trio": by_scope,
    "natively": natively(),
    "natively twice": natively([2]),
    "by asyncio.timeout": by_timeout,
}


def run_on(way: str, main: Callable[[Alarm], Any]) -> None:
    run(main, None if way.endswith("trio") else CountingLoop)


async def see_that_nothing_is_left(service: Answering, pixlab: AsyncPixLab) -> None:
    await anyio.lowlevel.checkpoint()
    stats = pixlab.stats()
    assert (stats.in_use, stats.queued, service.under_way) == (0, 0, 0)
    with suppress(RuntimeError, ValueError):
        assert len(asyncio.all_tasks()) == 1
    # The thread was told to end; it wakes up by itself only after five seconds.
    await anyio.to_thread.run_sync(wait_until, writers_have_ended, 3.0)


def writers_have_ended() -> bool:
    return not [thread for thread in threads() if thread.name == "pixlab-writer"]


# --- A durable job --------------------------------------------------------------------------


def judge(journal: Path, service: Answering) -> None:
    assert ask(journal, "PRAGMA integrity_check") == [("ok",)]
    if not ask(journal, "SELECT 1 FROM sqlite_master"):
        return

    for place, state in ask(journal, "SELECT place, state FROM link"):
        link = GIVEN[int(str(place))]
        if state in ("deleted", "already_gone", "deleted_unconfirmed"):
            assert link not in service.stored


@pytest.mark.parametrize("way", WAYS)
def test_a_job_that_is_cancelled_anywhere_is_finished_by_the_next_run(
    way: str, tmp_path: Path
) -> None:
    source = tmp_path / "links.txt"
    source.write_text("\n".join(GIVEN))
    cancelled: list[int] = []

    async def one(steps: int, alarm: Alarm) -> bool:
        journal = tmp_path / str(steps)
        service = Answering(LINKS, trouble)
        job = CleanupJob(source, journal, concurrency=3)
        async with service.client() as pixlab:
            ended: bool = await WAYS[way](lambda: job.run(pixlab), steps, alarm)
            await see_that_nothing_is_left(service, pixlab)
            if journal.exists():
                judge(journal, service)
            cancelled.append(len(service.deleted))
            for _ in range(2):  # what failed twice is tried again in each run
                summary = await CleanupJob(source, journal, concurrency=3).run(pixlab)
            assert not service.stored
            assert sum(summary.counts.values()) == summary.total == len(GIVEN)
            assert summary.counts["rejected"] == 1
            assert summary.not_gone == 1
            judge(journal, service)
        for file in tmp_path.glob(f"{steps}*"):
            file.unlink()
        return ended

    async def sweep(alarm: Alarm) -> None:
        steps = calm = 0
        while calm < 3:
            calm = calm + 1 if await one(steps, alarm) else 0
            steps += 1 + steps // 60

    run_on(way, sweep)

    assert {0, len(LINKS)} <= set(cancelled)
    assert len(set(cancelled)) > 3


@pytest.mark.parametrize("way", WAYS)
def test_a_job_without_a_journal_leaves_no_folder_behind(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def sweep(alarm: Alarm) -> None:
        steps = calm = 0
        while calm < 3:
            service = Answering(LINKS, trouble)
            job = CleanupJob(GIVEN, concurrency=3)
            async with service.client() as pixlab:
                ended = await WAYS[way](lambda j=job, p=pixlab: j.run(p), steps, alarm)
                await see_that_nothing_is_left(service, pixlab)
            assert not list(tmp_path.iterdir())
            calm = calm + 1 if ended else 0
            steps += 1 + steps // 25

    run_on(way, sweep)


# --- A batch --------------------------------------------------------------------------------


async def links() -> AsyncGenerator[str]:
    for link in GIVEN:
        await anyio.lowlevel.checkpoint()
        yield link


async def in_the_loop(batch: DeleteMany, found: list[Outcome]) -> None:
    async for outcome in batch:
        found.append(outcome)


async def in_the_background(batch: DeleteMany, found: list[Outcome]) -> None:
    async with batch:
        async for outcome in batch:
            found.append(outcome)


@pytest.mark.parametrize("order", ["completion", "input"])
@pytest.mark.parametrize("iterate", [in_the_loop, in_the_background])
@pytest.mark.parametrize("way", WAYS)
def test_a_batch_that_is_cancelled_anywhere_has_one_true_outcome_for_each_link_it_took(
    way: str, iterate: Callable[[DeleteMany, list[Outcome]], Awaitable[None]], order: Any
) -> None:
    met: Counter[DeletionState] = Counter()

    async def sweep(alarm: Alarm) -> None:
        steps = calm = 0
        while calm < 3:
            service = Answering(LINKS, trouble)
            found: list[Outcome] = []
            taken: list[str] = []

            def given(taken: list[str] = taken) -> Any:
                for link in GIVEN:
                    taken.append(link)
                    yield link

            async with service.client() as pixlab:
                batch = pixlab.delete_many(given(), concurrency=3, order=order, dedupe=True)
                ended = await WAYS[way](partial(iterate, batch, found), steps, alarm)
                assert pixlab.stats().in_use == 0 if iterate is in_the_background else True
                batch.stop()
                async for outcome in batch:
                    found.append(outcome)
                await see_that_nothing_is_left(service, pixlab)
            for outcome in found:
                met[outcome.state] += 1
                assert outcome.link == GIVEN[outcome.index]
                assert not (outcome.state.gone and outcome.link in service.stored)
                if outcome.state is DeletionState.NOT_SENT:
                    assert outcome.link not in service.deleted
            assert len({outcome.index for outcome in found}) == len(found) == len(taken)
            if order == "input":
                assert [outcome.index for outcome in found] == list(range(len(taken)))
            calm = calm + 1 if ended else 0
            steps += 1

    run_on(way, sweep)

    assert met[DeletionState.UNKNOWN]
    assert met[DeletionState.DELETED]


@pytest.mark.parametrize("way", WAYS)
def test_delete_all_that_is_cancelled_anywhere_leaves_nothing_behind(way: str) -> None:
    async def sweep(alarm: Alarm) -> None:
        steps = calm = 0
        while calm < 3:
            service = Answering(LINKS, trouble)
            async with service.client() as pixlab:
                async with aclosing(links()) as given:
                    ended = await WAYS[way](
                        lambda p=pixlab, g=given: p.delete_all(g, concurrency=3), steps, alarm
                    )
                await see_that_nothing_is_left(service, pixlab)
            calm = calm + 1 if ended else 0
            steps += 1

    run_on(way, sweep)
