"""What is too much, too slow or too deep: an error in time, in bounded memory, and others run."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pixlab_async import AsyncPixLab
from pixlab_async._protocol import JSON_LIMIT
from pixlab_async.transports._body import BodyReader

from ..conftest import Lane
from .floods import FLOODS, MEBIBYTE, WIRE_FLOODS, Flood, bomb, error_of
from .holding_up import Measured
from .server import FaultServer, fault_server

KEY = "0123456789abcdef0123456789abcdef"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@cache
def measured(lane: str, backend: str) -> dict[str, Measured]:
    """What came of every flood, in another process: see there."""
    command = [sys.executable, "-m", "tests.faults.holding_up", lane, backend]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    return {what: Measured(**found) for what, found in json.loads(done.stdout).items()}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("flood", FLOODS, ids=str)
def test_a_flood_ends_with_an_error_and_holds_nobody_up(
    flood: Flood, lane: Lane, anyio_backend: str
) -> None:
    found = measured(lane, anyio_backend)[flood.what]

    assert set(found.errors) <= {error.__name__ for error in flood.errors}
    assert all(flood.told in message for message in found.messages)
    assert (found.attempts, found.requests) == (1, found.tries)
    assert found.goes_on
    assert found.held_up <= found.allowed


@pytest.mark.parametrize("flood", WIRE_FLOODS, ids=str)
async def test_a_flood_takes_little_memory(flood: Flood, lane: Lane, server: FaultServer) -> None:
    path = server.path(flood.answer)
    options: dict[str, Any] = {"deadline": 20.0, **flood.options}
    async with AsyncPixLab(
        base_url=path.base_url, api_key=KEY, transport=lane, **options
    ) as pixlab:
        await pixlab.with_options(deadline=20.0).call("next")
        tracemalloc.start()
        try:
            await error_of(pixlab, flood)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert peak < 8 * JSON_LIMIT


def test_a_bomb_is_unpacked_a_mebibyte_at_a_time() -> None:
    """As a picture may be large: between the steps other tasks have their turn."""
    body = BodyReader(64 * MEBIBYTE, "gzip")
    body.feed(bomb(32))
    turns = 0
    while body.goes_on():
        turns += 1

    assert turns >= 31
    assert body.finish() == bytes(32 * MEBIBYTE)


def test_after_a_hundred_chunks_others_have_their_turn() -> None:
    body = BodyReader(MEBIBYTE)
    turns = 0
    for _ in range(1000):
        body.feed(b" ")
        turns += body.goes_on()

    assert turns == 10
