"""Raises KeyboardInterrupt at many places of a call, and says how often, and what it told.

A program of its own: Python gives no promise for what such a strike leaves half-done.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from types import FrameType

from .conftest import Auth, Way
from .hunting import hunt
from .test_interrupted import CALLS, Call, told_when_interrupted

# A signal strikes in what makes and writes a request.
STRUCK = (
    "pixlab_async._key",
    "pixlab_async._multipart",
    "pixlab_async._protocol",
    "pixlab_async.transports._httpx_wire",
    "httpx._models",
    "httpcore._models",
    "httpcore._async.http11",
    "h11.",
    "aiohttp.client_reqrep",
    "aiohttp.http_writer",
)
POINTS = 12


class Interrupter:
    """Raises KeyboardInterrupt in the n-th call of a function that a request goes through."""

    def __init__(self, after: int) -> None:
        self.calls = 0
        self._after = after

    def set(self) -> None:
        sys.setprofile(self._profile)

    def unset(self) -> None:
        sys.setprofile(None)

    def _profile(self, frame: FrameType, event: str, arg: object) -> None:
        if event != "call" or not _struck(frame):
            return

        self.calls += 1
        if self.calls == self._after:
            sys.setprofile(None)
            raise KeyboardInterrupt


def _struck(frame: FrameType) -> bool:
    name = frame.f_code.co_name
    # What is half-made may not print yet, and what is raised in a finalizer comes to nobody.
    if name in ("__init__", "__del__") or not _module(frame).startswith(STRUCK):
        return False

    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


async def interrupted(
    base_url: str, auth: Auth, way: Way, call: Call, after: int
) -> tuple[int, str | None]:
    interrupter = Interrupter(after)
    try:
        told = await told_when_interrupted(base_url, auth, way, call, interrupter)
    finally:
        interrupter.unset()
    return interrupter.calls, told


# Not an upload by the fast lane: aiohttp writes its body in a task of its own, through whose
# frames such a strike goes straight to the event loop.
STRICKEN: list[tuple[Auth, Way, str]] = [
    ("query", "httpx", "delete"),
    ("query", "httpx", "store"),
    ("query", "fast", "delete"),
    ("header", "httpx", "delete"),
    ("header", "httpx", "store"),
    ("header", "fast", "delete"),
]


def main() -> None:
    """Print for each of these how often it was struck, and the leaks."""
    (base_url,) = sys.argv[1:]
    found: dict[str, tuple[int, list[str]]] = {}
    for auth, way, name in STRICKEN:
        run = partial(interrupted, base_url, auth, way, CALLS[name])
        count, _ = asyncio.run(run(0))
        points = range(1, count, max(count // POINTS, 1))
        told = [one for _, one in [asyncio.run(run(point)) for point in points] if one is not None]
        found[f"{name} {way} {auth}"] = (len(told), [leak.excerpt for leak in hunt(*told)])
    sys.stdout.write(json.dumps(found))
