"""Stopped at any request, in any way: what was stored is deleted."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest

from pixlab_async.emulator import Emulator, Fault
from pixlab_async.probe import Probe, schema

from ..cli.test_signals import asked, started, until
from .striking import Striking

# Around each that stores or deletes, and some of the others: 7 is `store`, 25 makes a picture.
MOMENTS = (1, 3, 6, 7, 8, 16, 18, 24, 25, 26, 27, 28)
# Seconds: long enough for a signal to strike first on a busy machine.
SLOW = 0.7
TIMEOUT = 30.0


def probe_of(emulator: Emulator, transport: Striking) -> Probe:
    return Probe(api_key=emulator.api_key, base_url=emulator.base_url, transport=transport)


@pytest.mark.parametrize("answered", [False, True], ids=["sent", "answered"])
async def test_cancelled_by_scope_at_each_request_it_leaves_nothing_stored(
    emulator: Emulator, *, answered: bool
) -> None:
    for at in MOMENTS:
        scope = anyio.CancelScope()
        moment = (at, answered)
        transport = Striking(
            lambda number, done: scope.cancel() if (number, done) == moment else None  # noqa: B023
        )
        probe = probe_of(emulator, transport)
        with scope:
            await probe.run()

        assert emulator.stored() == []
        assert (scope.cancelled_caught, probe.ending().kind) == (True, "interrupted")
        assert probe.ending().clean


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_cancelled_natively_at_each_request_it_leaves_nothing_stored(
    emulator: Emulator, times: int
) -> None:
    for at in MOMENTS:
        running: list[asyncio.Task[None]] = []

        def strike(number: int, done: bool) -> None:
            if number == at and not done:  # noqa: B023 - called in this pass alone
                for _ in range(times):
                    running[0].cancel()  # noqa: B023

        probe = probe_of(emulator, Striking(strike))
        running.append(asyncio.create_task(probe.run()))
        with pytest.raises(asyncio.CancelledError):
            await running[0]

        assert emulator.stored() == []
        assert probe.ending().clean


async def test_asked_to_stop_it_ends_after_the_request_under_way(emulator: Emulator) -> None:
    transport = Striking(lambda number, done: probe.stop() if (number, done) == (12, False) else 0)
    probe = probe_of(emulator, transport)
    await probe.run()

    assert (probe.document()["requests"], probe.ending().kind) == (12, "interrupted")
    assert [request.endpoint for request in transport.requests[12:]] == ["delete"]
    assert emulator.stored() == []


pytest_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest_posix
@pytest.mark.parametrize(
    ("number", "endpoint"),
    [
        (signal.SIGINT, "store"),
        (signal.SIGTERM, "drawtext"),
        (signal.SIGTERM, "delete"),
    ],
)
def test_a_signal_deletes_what_is_stored_and_writes_what_was_seen(
    emulator: Emulator, tmp_path: Path, number: signal.Signals, endpoint: str
) -> None:
    emulator.inject(Fault(endpoint=endpoint, latency=SLOW, acts=True))
    file = tmp_path / "probe.json"
    with started("probe", "--yes", "-o", file, emulator=emulator) as process:
        until(lambda: asked(emulator, endpoint))
        process.send_signal(number)
        _, err = process.communicate(timeout=TIMEOUT)

    told: dict[str, Any] = json.loads(file.read_text())
    jsonschema.validate(told, schema(), jsonschema.Draft202012Validator)
    assert process.returncode == 128 + number, err
    assert (told["finished"], told["left"]) == (False, [])
    assert emulator.stored() == []


@pytest_posix
def test_a_second_signal_deletes_all_the_same(emulator: Emulator, tmp_path: Path) -> None:
    emulator.inject(Fault(endpoint="store", latency=SLOW, acts=True))
    file = tmp_path / "probe.json"
    with started("probe", "--yes", "-o", file, emulator=emulator) as process:
        until(lambda: asked(emulator, "store"))
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        while "stopping" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=TIMEOUT)

    assert process.returncode == 130
    assert json.loads(file.read_text())["stored"] == 1
    assert emulator.stored() == []
