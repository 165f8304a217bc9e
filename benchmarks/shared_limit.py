"""A batch and a foreground caller under one real rate limit, for two real minutes.

The emulator runs in a process of its own and allows 1,200 requests a minute and address.
One client deletes from an endless list with ``delete_many``, and asks for something every
half second besides, as a web app would. Prints what came of it, asserts nothing.

The emulator counts in whole minutes of the machine's monotonic clock. The run begins with
such a minute, so that exactly two are touched and the best possible is 2,400: whoever begins
in between gets a third minute's burst for nothing. Usage: python benchmarks/shared_limit.py
"""

from __future__ import annotations

import itertools
import math
import multiprocessing
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import anyio
from attrs import define

from pixlab_async import AsyncPixLab, PixLabError
from pixlab_async.emulator import Emulator

LIMIT = 1200
MINUTE = 60.0
MINUTES = 2
EVERY = 0.5


@define
class Foreground:
    """What the foreground caller saw."""

    ended: int = 0
    refused: int = 0
    failed: int = 0
    slowest: float = 0.0


def _serve(tell: Connection) -> None:
    with Emulator(limit_per_minute=LIMIT) as emulator:
        tell.send((emulator.base_url, emulator.api_key))
        tell.recv()


@contextmanager
def emulator() -> Generator[tuple[str, str]]:
    """Address and key of an emulator in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join()


def links() -> Iterator[str]:
    return (f"1p{number:013x}.png" for number in itertools.count())


async def call(pixlab: AsyncPixLab, link: str, seen: Foreground) -> None:
    began = anyio.current_time()
    try:
        # It is not there, which is an answer like any other and has its attempts.
        attempts = (await pixlab.delete(link, missing_ok=True)).meta.attempts
    except PixLabError as error:
        attempts = error.attempts
        seen.failed += 1
    seen.ended += 1
    seen.refused += attempts > 1
    seen.slowest = max(seen.slowest, anyio.current_time() - began)


async def call_now_and_then(pixlab: AsyncPixLab, seen: Foreground) -> None:
    """A call every half second, whether or not the one before is answered."""
    async with anyio.create_task_group() as group:
        for turn in itertools.count():
            group.start_soon(call, pixlab, f"1pf{turn:012x}.png", seen)
            await anyio.sleep(EVERY)


async def run(base_url: str, api_key: str) -> None:
    seen = Foreground()
    deleted = 0
    async with AsyncPixLab(base_url=base_url, api_key=api_key) as pixlab:
        await anyio.sleep(MINUTE - time.monotonic() % MINUTE)
        with anyio.move_on_after(MINUTES * MINUTE):
            async with anyio.create_task_group() as group:
                group.start_soon(call_now_and_then, pixlab, seen)
                async with pixlab.delete_many(links(), concurrency=16, missing_ok=True) as batch:
                    async for _ in batch:
                        deleted += 1
        stats = pixlab.stats()

    accepted = deleted + seen.ended - seen.failed
    print(f"limit reached        {accepted / (LIMIT * MINUTES):6.1%}  {accepted:,} accepted")
    print(f"refusals             {stats.rate_limited / accepted:6.2%}  {stats.rate_limited}")
    print(f"foreground refused   {seen.refused / seen.ended:6.2%}  {seen.refused} of {seen.ended}")
    print(f"foreground failed    {seen.failed:6}")
    print(f"foreground's slowest {seen.slowest:6.1f} s")
    print(f"limit learnt         {stats.limit_per_minute or math.nan:6.0f} per minute")


def main() -> None:
    print(f"{LIMIT:,} per minute and address, {MINUTES} minutes, one batch and one web app")
    with emulator() as (base_url, api_key):
        anyio.run(run, base_url, api_key)


if __name__ == "__main__":
    main()
