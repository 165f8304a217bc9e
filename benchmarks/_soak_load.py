"""What a soak does all the time: every kind of call, that fails, and is cut off at random."""

from __future__ import annotations

import asyncio
import gc
import io
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias

import anyio
from attrs import define, field
from PIL import Image

from pixlab_async import AsyncPixLab, Ledger, Media, PixLabError, RetryPolicy

Lane: TypeAlias = Literal["httpx", "fast"]
# A moment of the process: "minute", "rss_mb", "descriptors", "threads", "tasks", "objects", ...
Sample: TypeAlias = dict[str, float]

WORKERS, CONNECTIONS = 8, 12
# Seconds between two actions of a worker, at most; and until one in three is cut off, about.
_REST, _CUT = 0.05, 0.03
_SECONDS = 4.0


@define
class Load:
    """One client under a mixed load, until the time is up."""

    pixlab: AsyncPixLab
    ledger: Ledger
    another: Callable[[], AsyncPixLab]
    folder: Path
    until: float
    picture: bytes
    random: Random = field(factory=lambda: Random(7))
    counts: Counter[str] = field(factory=Counter[str])
    busy: int = 0
    go: anyio.Event = field(factory=lambda: anyio.Event())  # noqa: PLW0108 - anyio loads lazily

    async def work(self) -> None:
        actions = self._actions()
        names, weights = [*actions], [weight for weight, _ in actions.values()]
        while time.monotonic() < self.until:
            await self.go.wait()
            self.busy += 1
            (name,) = self.random.choices(names, weights)
            self.counts[name] += 1
            await self._cut_perhaps(actions[name][1])
            self.busy -= 1
            await anyio.sleep(self.random.uniform(0, _REST))

    async def rests(self) -> None:
        """Let nothing new begin, and wait until all that has begun has ended."""
        self.go = anyio.Event()
        while self.busy:  # noqa: ASYNC110 - an event would take part in what is measured
            await anyio.sleep(0.01)

    def _actions(self) -> dict[str, tuple[int, Callable[[], Awaitable[object]]]]:
        pixlab = self.pixlab
        return {
            "call": (20, pixlab.status),
            "bytes": (10, lambda: pixlab.blob.grayscale(self.picture)),
            "store and delete": (10, self._store_and_delete),
            "temporary and download": (10, self._download),
            "generate, then delete": (10, self._generate),
            "batch": (2, self._batch),
            "batch, broken off": (2, self._broken_batch),
            "another key": (5, self._another_key),
            "another client": (4, self._another_client),
            "clean up by the ledger": (1, self._clean_up),
        }

    async def _cut_perhaps(self, act: Callable[[], Awaitable[object]]) -> None:
        """Do it; one in three is cancelled before its end, by a scope or natively."""
        dice = self.random.random()
        seconds = self.random.expovariate(1 / _CUT)
        try:
            if dice < 0.17:
                with anyio.move_on_after(seconds) as scope:
                    await act()
                self.counts["cut off by a scope"] += scope.cancelled_caught
            elif dice < 0.34:
                await self._natively_cut(act, seconds)
            else:
                await act()
        except PixLabError as error:
            self.counts[type(error).__name__] += 1

    async def _natively_cut(self, act: Callable[[], Awaitable[object]], seconds: float) -> None:
        async def run() -> object:
            return await act()

        task = asyncio.create_task(run())
        await asyncio.wait([task], timeout=seconds)
        task.cancel()
        await asyncio.wait([task])
        if task.cancelled():
            self.counts["cut off natively"] += 1
        else:
            task.result()

    async def _store_and_delete(self) -> None:
        await self.pixlab.delete(await self.pixlab.store(self.picture), missing_ok=True)

    async def _download(self) -> None:
        async with self.pixlab.temporary(self.pixlab.store(self.picture), grace=5) as media:
            file = self.folder / f"{self.random.getrandbits(64):x}.png"
            try:
                await self.pixlab.download(media, file)
            finally:
                file.unlink(missing_ok=True)  # it may be there, whole, when it is cut off

    async def _generate(self) -> None:
        making = self.pixlab.grayscale(self.picture)
        await self.pixlab.generate_then_delete(making, use=_looked_at, grace=5)

    async def _batch(self) -> None:
        await self.pixlab.delete_all(_links(60), concurrency=5, missing_ok=True)

    async def _broken_batch(self) -> None:
        async for _ in self.pixlab.delete_many(_links(500), concurrency=3, missing_ok=True):
            break
        async with self.pixlab.delete_many(_slow_links(), concurrency=3, missing_ok=True) as batch:
            async for _ in batch:
                break

    async def _another_key(self) -> None:
        tenant = self.pixlab.with_options(api_key="b" * 32, deadline=2, tag="tenant")
        await tenant.delete("a.png", missing_ok=True)  # which fails: the key is not known

    async def _another_client(self) -> None:
        async with self.another() as pixlab:
            await pixlab.status()

    async def _clean_up(self) -> None:
        stored = self.ledger.stored(older_than="20s")
        await self.pixlab.delete_all(stored, concurrency=4, missing_ok=True)


async def _looked_at(media: Media) -> str:
    await anyio.sleep(0.001)
    return media.link


def _links(count: int) -> Iterator[str]:
    return (f"24p{number:013x}.png" for number in range(count))


async def _slow_links() -> AsyncIterator[str]:
    for link in _links(100):
        await anyio.sleep(0.001)
        yield link


def _picture() -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((16, 16)).save(buffer, "PNG")
    return buffer.getvalue()


async def soak(
    base_url: str, key: str, lane: Lane, seconds: float, tell: Callable[[Sample], None]
) -> Counter[str]:
    """Load a client for some time, and tell of a sample every few seconds."""

    def another(ledger: Ledger | None = None) -> AsyncPixLab:
        return AsyncPixLab(
            base_url=base_url,
            api_key=key,
            transport=lane,
            connections=CONNECTIONS,
            deadline=10,
            timeout=5,
            retry=RetryPolicy(base=0.01, cap=0.1, max_wait=5),
            rate="100/s",
            ledger=ledger,
        )

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pixlab-soak-") as name:
        folder = Path(name)
        async with Ledger(folder / "media.db") as ledger, another(ledger) as pixlab:
            load = Load(pixlab, ledger, another, folder, began + seconds, _picture())
            async with anyio.create_task_group() as group:
                for _ in range(WORKERS):
                    group.start_soon(load.work)
                while time.monotonic() < load.until:
                    load.go.set()
                    await anyio.sleep(_SECONDS)
                    await load.rests()
                    if time.monotonic() < load.until:  # else some workers have ended
                        tell(_sample(time.monotonic() - began, load))
                load.go.set()
            load.counts["slots left in use"] = pixlab.stats().in_use + pixlab.stats().queued
        load.counts["files left"] = len(_others(folder))
    return load.counts


def _others(folder: Path) -> list[str]:
    """Names of files that should be gone."""
    return [path.name for path in folder.iterdir() if not path.name.startswith("media.db")]


def _sample(seconds: float, load: Load) -> Sample:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "minute": seconds / 60,
        "rss_mb": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "tasks": len(anyio.get_running_tasks()),
        "objects": len(gc.get_objects()),
        "calls": load.pixlab.stats().calls,
    }
