"""How programs end while a client is open: each a process of its own, as strict as Python can be.

``-X dev`` shows every warning and puts asyncio into debug mode, ``-W error`` makes errors of
them. What Python says while it ends goes to standard error, so that has to be empty.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from .scripted import http, serve

STRICT = ("-X", "dev", "-W", "error")
KEY = "0123456789abcdef0123456789abcdef"

BEGIN = """\
import os, signal, sys, threading
import anyio
from anyio.lowlevel import checkpoint
from pixlab_async import AsyncPixLab, RetryPolicy

LINKS = [f"https://media.example/24p{number:013x}.jpeg" for number in range(100)]
LANE, BACKEND = sys.argv[1:]


def run(function):
    async def main():
        if BACKEND == "asyncio":  # a busy machine is not what this is about
            import asyncio
            asyncio.get_running_loop().slow_callback_duration = 60
        await function()

    anyio.run(main, backend=BACKEND)


def client():
    return AsyncPixLab(transport=LANE)


async def once_a_call_is_under_way(pixlab, act):
    while not pixlab.stats().in_use:
        await checkpoint()
    for _ in range(50):
        await checkpoint()
    act()

"""


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(params=["httpx-asyncio", "httpx-trio", "fast-asyncio"])
def way(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """A lane, and the event loop under it."""
    return tuple(request.param.split("-"))


# Each costs a process: both lanes, where the event loop is of little account.
on_asyncio = pytest.mark.parametrize("way", ["httpx-asyncio", "fast-asyncio"], indirect=True)
on_both_loops = pytest.mark.parametrize("way", ["httpx-trio", "fast-asyncio"], indirect=True)


def ended(
    program: str, way: tuple[str, ...], base_url: str = "", *, flags: tuple[str, ...] = STRICT
) -> Ended:
    environment = {**os.environ, "PIXLAB_API_KEY": KEY, "PIXLAB_BASE_URL": base_url}
    done = subprocess.run(
        [sys.executable, *flags, "-c", BEGIN + program, *way],
        capture_output=True,
        text=True,
        timeout=50,
        env=environment,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def test_an_exit_in_the_middle_of_a_call_is_quiet(way: tuple[str, ...]) -> None:
    program = """
async def main():
    async with client() as pixlab, anyio.create_task_group() as group:
        await pixlab.delete(LINKS[0])
        group.start_soon(pixlab.delete, LINKS[1])
        await once_a_call_is_under_way(pixlab, lambda: sys.exit(7))

try:
    run(main)
except BaseExceptionGroup as group:  # the task group's own, of anyio
    sys.exit(group.exceptions[0].code)
"""
    with serve([http(), b""]) as script:
        end = ended(program, way, script.base_url)

    assert end == Ended(7, "", "")


def test_an_interrupt_in_the_middle_of_a_call_closes_the_client(way: tuple[str, ...]) -> None:
    program = """
async def main():
    async with client() as pixlab, anyio.create_task_group() as group:
        await pixlab.delete(LINKS[0])
        interrupt = lambda: os.kill(os.getpid(), signal.SIGINT)
        group.start_soon(once_a_call_is_under_way, pixlab, interrupt)
        try:
            await pixlab.delete(LINKS[1])
        finally:
            print("the call has ended")
    raise AssertionError("unreachable")

try:
    run(main)
except KeyboardInterrupt:
    print("interrupted")
except BaseExceptionGroup as group:  # trio's
    print("interrupted" if group.split(KeyboardInterrupt)[1] is None else group)
"""
    with serve([http(), b""]) as script:
        end = ended(program, way, script.base_url)

    assert end == Ended(0, "the call has ended\ninterrupted\n", "")


@on_asyncio
def test_a_program_that_ends_before_its_daemon_thread_is_quiet(way: tuple[str, ...]) -> None:
    """With a call under way there, in an event loop that nobody stops."""
    program = """
async def main():
    async with client() as pixlab:
        await pixlab.delete(LINKS[0])
        async with anyio.create_task_group() as group:
            group.start_soon(once_a_call_is_under_way, pixlab, under_way.set)
            await pixlab.delete(LINKS[1])

under_way = threading.Event()
threading.Thread(target=run, args=(main,), daemon=True).start()
assert under_way.wait(30)
"""
    with serve([http(), b""]) as script:
        end = ended(program, way, script.base_url)

    assert end == Ended(0, "", "")


@on_asyncio
def test_a_program_that_ends_in_the_middle_of_a_batch_is_quiet(way: tuple[str, ...]) -> None:
    """One batch that is broken off, one in the background that an exit ends, one never begun."""
    program = """
async def main():
    async with client() as pixlab:
        never_begun = pixlab.delete_many(LINKS)
        async for outcome in pixlab.delete_many(LINKS):
            print(outcome.state)
            break
        async with pixlab.delete_many(iter(LINKS)) as batch:
            async for outcome in batch:
                print(outcome.state)
                sys.exit(7)

run(main)
"""
    with serve([http()] * 1000) as script:
        end = ended(program, way, script.base_url)

    assert end == Ended(7, "deleted\ndeleted\n", "")


NEVER_CLOSED = """
class Wrapped(AsyncPixLab):
    def __init__(self):
        super().__init__(transport=LANE)

async def main():
    async for outcome in pixlab.delete_many(LINKS):
        break

pixlab = Wrapped()  # MADE HERE
run(main)
"""


@on_asyncio
def test_a_client_that_is_never_closed_is_told_of_with_the_place_where_it_was_made(
    way: tuple[str, ...],
) -> None:
    """In development mode, at the interpreter's end; nothing else goes wrong there."""
    line = (BEGIN + NEVER_CLOSED).split("# MADE HERE")[0].count("\n") + 1
    with serve([http()] * 1000) as script:
        end = ended(NEVER_CLOSED, way, script.base_url, flags=("-X", "dev"))

    made = f"An AsyncPixLab made at <string>:{line} was never closed: use `async with`, or await"
    assert (end.code, made in end.err) == (0, True), end.err
    assert not re.search("Traceback|Exception ignored|never awaited|never retrieved", end.err)
    assert KEY not in end.err
    assert "media.example" not in end.err


def test_a_client_that_is_never_closed_costs_a_plain_program_nothing() -> None:
    """Without development mode Python shows no such warning, and we keep no place."""
    with serve([http()] * 1000) as script:
        end = ended(NEVER_CLOSED, ("httpx", "asyncio"), script.base_url, flags=())

    assert end == Ended(0, "", "")


@on_both_loops
def test_the_main_calls_over_the_emulator_are_quiet(way: tuple[str, ...], tmp_path: Path) -> None:
    program = f"""
import io
from pathlib import Path
from PIL import Image
from pixlab_async import Ledger, Rectangle
from pixlab_async.emulator import Emulator

folder = Path({str(tmp_path)!r})
Image.radial_gradient("L").resize((64, 48)).convert("RGB").save(folder / "cat.jpg")
cat = folder / "cat.jpg"


async def main():
    async with Emulator() as emulator, Ledger(folder / "media.db") as ledger, AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, transport=LANE, ledger=ledger
    ) as pixlab:
        async with pixlab.temporary(pixlab.oilpaint(cat, radius=3)) as media:
            await pixlab.download(media, folder / "painted.jpg")
        picture = await pixlab.blob.oilpaint(cat.read_bytes(), radius=3)
        async with pixlab.temporary(pixlab.smartresize(cat, width=32)) as small:
            assert (await pixlab.header(small)).width == 32
            await pixlab.blob.drawrectangles(small, [Rectangle(4, 4, 9, 6)], color="gold")
        for number in range(3):
            await pixlab.store(cat)
        await pixlab.with_options(deadline=30).status()
        with anyio.move_on_after(0.001):
            await pixlab.status()
        async for outcome in pixlab.delete_many(ledger.stored()):
            assert outcome.state == "deleted"
        print(len(picture.content) > 100, len(emulator.stored()))

run(main)
"""
    end = ended(program, way)

    assert end == Ended(0, "True 0\n", "")
