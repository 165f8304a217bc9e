"""A storing call, cancelled at every single step: the ledger and the service never disagree."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio
import pytest

from pixlab_async import AsyncPixLab
from pixlab_async.emulator import Emulator
from pixlab_async.ledger import Ledger

from ..conftest import QUICK
from ..scripted import wait_until
from ..stepping import Alarm, CountingLoop, run

# So many calls must come to their end before the alarm: one may have taken fewer steps by luck.
CALM = 10


def _cancel(tasks: list[asyncio.Task[bool]]) -> None:
    tasks[0].cancel()


class Sweep:
    """Makes the same call again and again, cancelled one step later each time."""

    def __init__(self, emulator: Emulator, folder: Path, picture: bytes) -> None:
        self.emulator = emulator
        self.picture = picture
        self.ledger = Ledger(folder / "media.db")
        self.met: set[tuple[int, int]] = set()

    async def by_scope(self, alarm: Alarm) -> None:
        async with self.ledger:
            steps = ended = 0
            while ended < CALM:
                with anyio.CancelScope() as scope:
                    ended += await self.call(steps, alarm, scope.cancel)
                await self.check()
                steps += 1

    async def natively(self, alarm: Alarm) -> None:
        async with self.ledger:
            steps = ended = 0
            while ended < CALM:
                tasks: list[asyncio.Task[bool]] = []
                tasks.append(asyncio.create_task(self.call(steps, alarm, partial(_cancel, tasks))))
                with suppress(asyncio.CancelledError):
                    ended += await tasks[0]
                await self.check()
                steps += 1

    async def call(self, steps: int, alarm: Alarm, ring: Callable[[], object]) -> bool:
        """Make the call over a new connection; whether it came to its end before the alarm."""
        async with AsyncPixLab(
            base_url=self.emulator.base_url,
            api_key=self.emulator.api_key,
            retry=QUICK,
            ledger=self.ledger,
        ) as pixlab:
            alarm.set(steps, ring)
            await pixlab.store(self.picture)
            ended = not alarm.rang
            alarm.set(-1, ring)
            return ended

    async def check(self) -> None:
        """See that each picture that is stored has its link in the ledger, or an intent."""
        earlier = set(self.emulator.stored())  # the service may still be at work
        known = {media.link async for media in self.ledger.stored()}
        stats = await self.ledger.stats()
        assert known <= set(self.emulator.stored())
        assert len(earlier - known) <= stats.uncertain
        self.met.add((stats.stored, stats.uncertain))

    @property
    def whole(self) -> bool:
        """Whether calls were cancelled before and after they were sent, and others were not."""
        stored, uncertain = zip(*self.met, strict=True)
        return (0, 0) in self.met and max(stored) >= CALM and max(uncertain) > 1


@pytest.fixture
def sweep(emulator: Emulator, tmp_path: Path, picture: bytes) -> Iterator[Sweep]:
    yield Sweep(emulator, tmp_path, picture)

    # The service works on what was cancelled, and must be done before the next test.
    wait_until(lambda: len(emulator.stored()) == len(emulator.received))


def test_native_cancellation_at_every_step(sweep: Sweep) -> None:
    run(sweep.natively, CountingLoop)

    assert sweep.whole


def test_cancellation_by_scope_at_every_step(sweep: Sweep) -> None:
    run(sweep.by_scope, CountingLoop)

    assert sweep.whole


def test_cancellation_on_trio_at_every_step(sweep: Sweep) -> None:
    run(sweep.by_scope, None)

    assert sweep.whole
