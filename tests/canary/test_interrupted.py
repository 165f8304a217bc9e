"""Whatever interrupts a call, wherever it strikes, brings no frame up that holds the key."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import anyio
import httpx
import pytest
import trio
from attrs import define

from pixlab_async import AsyncPixLab, PixLabError
from pixlab_async.emulator import Emulator, Fault

from ..databases import ROOT
from ..stepping import Alarm, CountingLoop, run
from .conftest import Auth, Way, reaching
from .hunting import LINK, VAULT, assert_silent
from .telling import told_by

Call = Callable[[AsyncPixLab], Awaitable[object]]
# The key is in the target or in a header, and in the body's first chunk.
CALLS: dict[str, Call] = {
    "delete": lambda pixlab: pixlab.delete(LINK, missing_ok=True),
    "store": lambda pixlab: pixlab.store(b"\x89PNG" + b"x" * 300_000),
}


class Trigger(Protocol):
    """What interrupts."""

    def set(self) -> object:
        """Strike soon, from now on."""

    def unset(self) -> object:
        """Strike no more."""


async def told_when_interrupted(
    base_url: str, auth: Auth, way: Way, call: Call, trigger: Trigger
) -> str | None:
    """What the interruption of a call tells where it is caught; None where it came too late."""
    async with reaching(base_url, auth, way) as pixlab:
        await pixlab.status()
        trigger.set()
        try:
            await call(pixlab)
        except PixLabError:
            trigger.unset()
        except BaseException as interruption:
            trigger.unset()
            return told_by(interruption)
        else:
            trigger.unset()

    return None


# --- Cancellation at every step -----------------------------------------------------------


@define
class Cancellation:
    alarm: Alarm
    steps: int
    cancel: Callable[[], object]

    def set(self) -> None:
        self.alarm.set(self.steps, self.cancel)

    def unset(self) -> None:
        self.alarm.set(-1, self.cancel)


def cancelled_natively(steps: int, base_url: str, auth: Auth, way: Way, call: Call) -> str | None:
    async def main(alarm: Alarm) -> str | None:
        task = asyncio.current_task()
        assert task is not None
        trigger = Cancellation(alarm, steps, task.cancel)
        return await told_when_interrupted(base_url, auth, way, call, trigger)

    told: str | None = run(main, CountingLoop)
    return told


def cancelled_in_trio(steps: int, base_url: str, auth: Auth, call: Call) -> str | None:
    async def main(alarm: Alarm) -> str | None:
        with trio.CancelScope() as scope:
            trigger = Cancellation(alarm, steps, scope.cancel)
            return await told_when_interrupted(base_url, auth, "httpx", call, trigger)

        raise AssertionError("unreachable")

    told: str | None = run(main, None)
    return told


def told_at_each_step(cancelled: Callable[[int], str | None]) -> list[str]:
    told: list[str] = []
    while (one := cancelled(len(told))) is not None:
        told.append(one)
    return told


@pytest.fixture
def hesitant(service: Emulator) -> Emulator:
    """It answers no deletion before it has been waited for: so there is a step at least."""
    service.inject(Fault(endpoint="delete", latency=0.02, times=None))
    return service


@pytest.mark.parametrize("name", CALLS)
def test_a_native_cancellation_is_silent_at_every_step(
    hesitant: Emulator, auth: Auth, way: Way, name: str
) -> None:
    told = told_at_each_step(
        lambda steps: cancelled_natively(steps, hesitant.base_url, auth, way, CALLS[name])
    )

    assert len(told) > 1
    assert_silent(*told)


@pytest.mark.parametrize("name", CALLS)
def test_a_cancellation_of_trios_is_silent_at_every_step(
    hesitant: Emulator, auth: Auth, name: str
) -> None:
    told = told_at_each_step(
        lambda steps: cancelled_in_trio(steps, hesitant.base_url, auth, CALLS[name])
    )

    assert len(told) > (name == "store")  # a deletion waits once
    assert_silent(*told)


async def test_a_timeout_is_silent(pixlab: AsyncPixLab, service: Emulator) -> None:
    """Its error is made from the cancellation, which hangs on it."""
    service.inject(Fault(latency=0.6, status=500))

    with pytest.raises(TimeoutError) as caught:
        with anyio.fail_after(0.05):
            await pixlab.delete("a.png")

    assert_silent(told_by(caught.value))


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_native_timeout_is_silent(pixlab: AsyncPixLab, service: Emulator) -> None:
    service.inject(Fault(latency=0.6, status=500))

    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.05):
            await pixlab.delete("a.png")

    assert_silent(told_by(caught.value))


async def test_a_task_group_that_falls_apart_is_silent(
    pixlab: AsyncPixLab, service: Emulator
) -> None:
    service.inject(Fault(latency=0.6, status=500))

    with pytest.raises(ExceptionGroup) as caught:
        async with anyio.create_task_group() as group:
            group.start_soon(pixlab.delete, LINK)
            await anyio.sleep(0.02)
            raise ZeroDivisionError

    assert_silent(told_by(caught.value))


# --- A signal that strikes anywhere -------------------------------------------------------


def test_ctrl_c_is_silent_wherever_it_strikes(service: Emulator) -> None:
    """In a process of its own, which such a strike may leave in any state."""
    code = "from tests.canary.striking import main; main()"
    command = [sys.executable, "-W", "ignore", "-c", code, service.base_url]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=50
    )

    assert done.returncode == 0, done.stderr
    found: dict[str, tuple[int, list[str]]] = json.loads(done.stdout)
    assert {name: leaks for name, (_, leaks) in found.items() if leaks} == {}
    assert [name for name, (struck, _) in found.items() if struck < 8] == []
    assert len(found) == 6


@pytest.mark.parametrize("way", ["httpx", "foreign", "client"])
async def test_an_end_that_the_callers_source_asks_for_is_silent(pixlab: AsyncPixLab) -> None:
    async def ending() -> AsyncIterator[bytes]:
        yield b"x" * 100_000
        raise SystemExit

    with pytest.raises(SystemExit) as caught:
        await pixlab.store(ending())

    assert_silent(told_by(caught.value))


async def test_an_end_that_a_hook_asks_for_is_silent(service: Emulator) -> None:
    async def hook(request: httpx.Request) -> None:
        raise SystemExit

    async with httpx.AsyncClient(event_hooks={"request": [hook]}) as client:
        async with AsyncPixLab(
            base_url=service.base_url, api_key=VAULT.open(), auth="header", http_client=client
        ) as pixlab:
            with pytest.raises(SystemExit) as caught:
                await pixlab.delete(LINK)

    assert_silent(told_by(caught.value))
