"""How long floods keep the event loop from other tasks, measured in a process of its own.

In seconds of its thread, so that other programs on the machine do not count; and in a process
of its own, so that neither what other tests left in memory nor a tracer does. The yardstick is
what the same machine needs for a plain piece of JSON.

Usage: python -m tests.faults.holding_up LANE BACKEND, prints a JSON object of all floods.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import anyio
from anyio.lowlevel import checkpoint
from attrs import asdict, frozen

from pixlab_async import AsyncPixLab, PixLabError

from .floods import FLOODS, Flood, error_of
from .server import FaultServer, fault_server

KEY = "0123456789abcdef0123456789abcdef"
# What is the reply's own doing is so each time; what a busy machine adds is not.
TRIES = 6


@frozen
class Measured:
    """What came of one flood.

    Attributes:
        held_up: The longest time for which other tasks had no turn, in the best of the tries.
        allowed: How long that may be, on this machine.
        errors: What each try ended with.
        messages: What these said.
        attempts: How many of the call there were in the last try.
        tries: How often it was tried.
        requests: How many reached the server.
        goes_on: Whether the same client's next call was served.
    """

    held_up: float
    allowed: float
    errors: list[str]
    messages: list[str]
    attempts: int
    tries: int
    requests: int
    goes_on: bool


def yardstick() -> float:
    """Seconds of this machine for a hundred thousand empty lists."""
    text = f"[{'[],' * 99_999}[]]"
    begin = time.thread_time()
    json.loads(text)
    return time.thread_time() - begin


async def hold_up(pixlab: AsyncPixLab, flood: Flood) -> tuple[float, PixLabError]:
    """The longest time for which another task had no turn, and what the call ended with."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        last = time.thread_time()
        while True:
            await checkpoint()
            now = time.thread_time()
            longest, last = max(longest, now - last), now

    async with anyio.create_task_group() as group:
        group.start_soon(beat)
        await checkpoint()
        error = await error_of(pixlab, flood)
        await checkpoint()
        group.cancel_scope.cancel()
    return longest, error


async def measured(server: FaultServer, flood: Flood, lane: Any) -> Measured:
    path = server.path(flood.answer)
    errors: list[PixLabError] = []
    best = allowed = 0.0
    options: dict[str, Any] = {"deadline": 20.0, **flood.options}
    async with AsyncPixLab(
        base_url=path.base_url, api_key=KEY, transport=lane, **options
    ) as pixlab:
        patient = pixlab.with_options(deadline=20.0)
        await patient.call("next")  # what is loaded and made once is there
        while not errors or (best > allowed and len(errors) < TRIES):
            held_up, error = await hold_up(pixlab, flood)
            best = min(best, held_up) if errors else held_up
            allowed = max(flood.held_up, 5 * yardstick())
            errors.append(error)
        following = await patient.call("next")
    return Measured(
        best,
        allowed,
        [type(error).__name__ for error in errors],
        [error.message for error in errors],
        errors[-1].attempts,
        len(errors),
        path.requests,
        following["next"] is True,
    )


async def main(lane: str) -> None:
    with fault_server() as server:
        found = {flood.what: asdict(await measured(server, flood, lane)) for flood in FLOODS}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], backend=sys.argv[2])
