"""What each of our own layers adds to a call, in µs: a `delete` over a wire that costs nothing.

The whole is a call over an open connection. The bridge is added where one is opened, where a
file is uploaded, and where a picture would be stored.

The layers are the same functions that a call goes through; what their sum lacks to the whole
is the loop that holds them together, and caches that are colder after a task switch. Prints,
asserts nothing. Usage: python benchmarks/layers.py [LOOP] [--json]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import anyio
import anyio.lowlevel
from _contestants import KEY
from _pinning import CLIENT, pin

from pixlab_async import AsyncPixLab
from pixlab_async._bridge import bridged
from pixlab_async._gate import Gate, Priority, Verdict
from pixlab_async._key import APIKey, require
from pixlab_async._pacer import Pacer
from pixlab_async._protocol import build
from pixlab_async._reply import read
from pixlab_async._results import Meta
from pixlab_async.endpoints.storage import delete_call
from pixlab_async.transports import Reply, Request

ROUNDS, CALLS = 200, 50
LINK = "https://media.example/24p62f73c9583ec6.jpeg"
REPLY = Reply(
    200,
    {"content-type": "application/json"},
    b'{"status":200,"id":"24p62f73c9583ec6.jpeg","deleted":true}',
)

Step: TypeAlias = Callable[[], Awaitable[object]]


class Instant:
    """A wire that answers at once, and needs no more than an open connection of ours does."""

    cancel_safe = keeps_deadline = True

    async def send(self, request: Request) -> Reply:  # noqa: ARG002 - the seam's form
        return REPLY

    def fetch(self, url: str, *, timeout: float) -> Any:
        raise NotImplementedError

    async def aclose(self) -> None: ...


def plain(function: Callable[[], object]) -> Step:
    async def step() -> object:
        return function()

    return step


async def costs_of(steps: dict[str, Step]) -> dict[str, float]:
    """The µs of one await of each, less those of an await of nothing.

    Taken in turns, so that whatever else the machine does strikes all alike; the best round
    is what the code itself costs.
    """
    steps = {"": plain(int), **steps}
    best = dict.fromkeys(steps, float("inf"))
    for _ in range(ROUNDS):
        for name, step in steps.items():
            await anyio.lowlevel.checkpoint()
            began = time.process_time()
            for _ in range(CALLS):
                await step()
            best[name] = min(best[name], time.process_time() - began)
    nothing = best.pop("")
    return {name: (spent - nothing) / CALLS * 1e6 for name, spent in best.items()}


async def measure() -> dict[str, float]:
    """The cost of each layer, in the order in which a call passes them."""
    key, call, meta = APIKey(KEY), delete_call(LINK), Meta()
    gate = Gate(100, Pacer())
    origin = "https://api.pixlab.io"

    def through_gate() -> None:
        ticket = gate.try_enter(Priority.INTERACTIVE, anyio.current_time())
        assert ticket is not None
        gate.leave(ticket, Verdict.ACCEPTED)

    async def nothing() -> None: ...

    layers: dict[str, Step] = {
        "call": plain(lambda: delete_call(LINK)),
        "key": plain(lambda: require(key).scrub_bytes(REPLY.body)),
        "build": plain(lambda: build(call, origin, key=key, auth="query", timeout=60.0)),
        "gate and pacer": plain(through_gate),
        "parse and result": plain(lambda: read(call, REPLY, meta, now=0.0)),
        "meta": plain(lambda: Meta(1, anyio.current_time() - 0.0, 200)),
    }
    async with AsyncPixLab(api_key=key, transport=Instant()) as pixlab:
        layers["whole call"] = lambda: pixlab.delete(LINK)
        layers["bridge"] = lambda: bridged(nothing, 1e9)
        return await costs_of(layers)


def told(found: dict[str, float]) -> str:
    return "\n".join(f"{name:<20} {microseconds:6.1f} µs" for name, microseconds in found.items())


def run(loop: str) -> dict[str, float]:
    """The layers' costs on an event loop, here in this process."""
    pin(CLIENT)
    return anyio.run(
        measure,
        backend="trio" if loop == "trio" else "asyncio",
        backend_options={"use_uvloop": True} if loop == "uvloop" else {},
    )


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--json"]
    found = run(words[0] if words else "asyncio")
    print(json.dumps(found) if "--json" in sys.argv else told(found))
