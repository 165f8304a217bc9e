"""Everything of the public API that waits, cancelled anywhere, in every way, on every loop.

In the suite the ways of an event loop take turns over the steps, and long scenes are cancelled
at every few of them. With PIXLAB_SWEEP=full (``nox -s sweep``) each way takes every step.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import socket
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import pytest
from PIL import Image

from pixlab_async._gate import Priority, Verdict, _Waiter
from pixlab_async.emulator import Emulator

from .conftest import Lane, png
from .sweeping import WAYS, Scenario, Stage, Sweep, Way, Work
from .swept import SCENARIOS, turns

FULL = os.environ.get("PIXLAB_SWEEP") == "full"
BACKENDS = ("asyncio", "uvloop", "trio")


def cases() -> Iterator[Any]:
    """What is swept by one test: a scenario, ways that take turns, a lane, and where to begin."""
    by_backend = {
        backend: [way for way in WAYS.values() if way.backend == backend] for backend in BACKENDS
    }
    ways = {name: [way] for name, way in WAYS.items()} if FULL else by_backend
    for name, scenario in SCENARIOS.items():
        first = 0
        for means, group in ways.items():
            for lane in scenario.lanes:
                if lane == "fast" and group[0].backend == "trio":
                    continue

                case = f"{name}, {means}, {lane}" if scenario.wire else f"{name}, {means}"
                marks = [pytest.mark.once] if group[0].backend == "uvloop" else []
                yield pytest.param(scenario, group, lane, first, id=case, marks=marks)
                first += 1


@pytest.fixture(scope="session")
def pictures() -> tuple[bytes, bytes]:
    """A small one, and one of over 100 KB."""
    small, large = (Image.effect_noise(size, 90).convert("L") for size in [(24, 16), (330, 330)])
    return png(small), png(large)


@pytest.fixture
def sweep(
    emulator: Emulator, tmp_path: Path, pictures: tuple[bytes, bytes]
) -> Callable[..., Sweep]:
    def make(scenario: Scenario, ways: list[Way], lane: Lane = "httpx") -> Sweep:
        return Sweep(scenario, ways, lane, emulator, tmp_path, pictures)

    return make


@pytest.mark.timeout(600 if FULL else 60)
@pytest.mark.parametrize(("scenario", "ways", "lane", "first"), list(cases()))
def test_a_cancellation_anywhere_leaves_nothing_behind(
    scenario: Scenario,
    ways: list[Way],
    lane: Lane,
    first: int,
    sweep: Callable[..., Sweep],
    request: pytest.FixtureRequest,
) -> None:
    sweeping = sweep(scenario, ways, lane)

    if FULL:
        points = sweeping.run(calm=3)
    else:
        points = sweeping.run(first=first % scenario.stride, stride=scenario.stride)

    request.node.user_properties.append(("points", points))  # for --junitxml


# What a sweep has found, whole in the suite too: scenario, way, lane.
FOUND: list[tuple[str, str, Lane]] = [
    ("closing idle connections", "natively", "httpx"),
    ("closing with a ledger", "natively", "fast"),
    ("a call for a blob", "natively", "fast"),
    ("an upload of a path", "natively", "fast"),
    ("a call whose source is stored for it", "by scope on trio", "httpx"),
    ("an emulator", "natively", "httpx"),
]


@pytest.mark.parametrize(("name", "way", "lane"), FOUND)
def test_what_was_found_once_is_swept_at_every_step(
    name: str, way: str, lane: Lane, sweep: Callable[..., Sweep]
) -> None:
    sweep(SCENARIOS[name], [WAYS[way]], lane).run()
    gc.collect()  # what was left open complains in this test


# --- Whether all is swept -------------------------------------------------------------------

ROOMS = ["", ".catalogue", ".cleanup", ".emulator", ".ledger", ".probe", ".transports"]
# Why these are not in the table.
SPARED = {
    "Source.survey": "a protocol; the files' own are at work in the jobs",
    "Source.blocks": "the same",
    "Chunks.__anext__": "a protocol; ours are at work in the uploads",
    "Stream.read": "a protocol; ours are at work in the downloads",
    "Transport.send": "a protocol; ours are at work in all calls",
    "Transport.fetch": "the same",
    "Transport.aclose": "the same",
    "Resolving.resolve": "a protocol; ours look a name up as asyncio and trio do",
    "Resolving.send": "the same as those of Transport",
    "Resolving.fetch": "the same",
    "Resolving.aclose": "the same",
    "Probe.run": "has sweeps of its own, in tests/probe/test_interruptions.py",
}
WAITING = ("AbstractAsyncContextManager", "AsyncIterator", "Awaitable", "DeleteMany", "Pages")
METHODS = ("__aenter__", "__aexit__", "__anext__")


def public() -> Iterator[tuple[str, Any]]:
    """Every function and method that the documentation names, with the name it has there."""
    for room in ROOMS:
        module = import_module(f"pixlab_async{room}")
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isfunction(value):
                yield name, value
            elif inspect.isclass(value):
                for member in dir(value):
                    if not member.startswith("_") or member in METHODS:
                        yield f"{name}.{member}", inspect.getattr_static(value, member)


def waits(function: Any) -> bool:
    function = getattr(function, "__func__", function)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return True

    told = str(getattr(function, "__annotations__", {}).get("return", ""))
    return told.startswith(WAITING)


def test_whatever_waits_is_swept() -> None:
    # An endpoint's method makes a call and sends it, like all the others.
    waiting = {
        name
        for name, function in public()
        if waits(function) and ".endpoints." not in function.__module__
    }
    covered = {name for scenario in SCENARIOS.values() for name in scenario.covers}

    assert waiting - covered == SPARED.keys()
    assert covered <= waiting


def test_an_endpoints_method_does_nothing_but_send() -> None:
    methods = {
        function
        for _, function in public()
        if waits(function) and ".endpoints." in function.__module__
    }

    assert len(methods) >= 118
    for method in methods:
        code = method.__code__
        awaited = {"send", "_picture", "_difference", "_cutout", "mapped", "read"}
        assert awaited & set(code.co_names), method


# --- Whether a sweep finds anything ---------------------------------------------------------


async def forgets_its_slot(stage: Stage) -> None:
    gate = stage.pixlab._core.main.gate
    ticket = await gate.enter(Priority.INTERACTIVE)
    await turns(2)
    gate.leave(ticket, Verdict.UNSENT)


async def forgets_its_place_in_the_queue(stage: Stage) -> None:
    queue = stage.pixlab._core.main.gate._queues[0]
    waiter = _Waiter()
    queue[waiter] = None
    await turns(2)
    del queue[waiter]


async def forgets_what_it_counted(stage: Stage) -> None:
    pacer = stage.pixlab._core.main.gate.pacer
    tickets = [pacer.take(anyio.current_time()) for _ in range(2)]
    await turns(2)
    for ticket in tickets:
        pacer.give_back(ticket)


async def swallows(stage: Stage) -> None:
    with suppress(asyncio.CancelledError):
        await turns(3)


async def makes_an_error_of_it(stage: Stage) -> None:
    try:
        await turns(3)
    except asyncio.CancelledError:
        raise ConnectionError from None


async def makes_a_group_of_it(stage: Stage) -> None:
    try:
        await turns(3)
    except asyncio.CancelledError as cancellation:
        raise BaseExceptionGroup("two", [cancellation, ConnectionError()]) from None


async def leaves_a_task(stage: Stage) -> None:
    task = asyncio.ensure_future(asyncio.sleep(60))
    await turns(3)
    task.cancel()


async def leaves_a_socket(stage: Stage) -> None:
    stage.options["held"] = left = socket.socket()
    await turns(3)
    left.close()


async def leaves_a_file(stage: Stage) -> None:
    path = stage.folder / "part"
    path.touch()
    await turns(3)
    path.unlink()


async def leaves_a_temporary_file(stage: Stage) -> None:
    path = Path(tempfile.mkdtemp())
    await turns(3)
    path.rmdir()


async def forgets_what_is_stored(stage: Stage) -> None:
    stage.stored()
    await turns(3)
    assert stage.ledger is not None
    await stage.ledger.add(stage.emulator.stored())


async def knows_what_is_not_stored(stage: Stage) -> None:
    assert stage.ledger is not None
    await stage.ledger.add(["gone"])
    await turns(3)
    await stage.ledger.forget(["gone"])


async def shows_the_key(stage: Stage) -> None:
    namespace = {"turns": turns, "key": stage.emulator.api_key}
    exec("async def show(key):\n    await turns(3)", namespace)  # in no module of the tests
    show: Any = namespace["show"]
    await show(namespace["key"])


async def breaks_the_client(stage: Stage) -> None:
    gate = stage.pixlab._core.main.gate
    gate._closed = True
    await turns(3)
    gate._closed = False


async def complains(stage: Stage) -> None:
    try:
        await turns(3)
    except asyncio.CancelledError:
        asyncio.get_running_loop().call_exception_handler({"message": "it was left behind"})
        raise


LEAKS: list[tuple[Callable[[Stage], Awaitable[None]], str]] = [
    (forgets_its_slot, "a slot is taken"),
    (forgets_its_place_in_the_queue, "somebody waits"),
    (forgets_what_it_counted, "never sent"),
    (swallows, "was swallowed"),
    (makes_an_error_of_it, "ConnectionError"),
    (makes_a_group_of_it, "ExceptionGroup"),
    (leaves_a_task, "tasks are left"),
    (leaves_a_socket, "files are open"),
    (leaves_a_file, "files are left"),
    (leaves_a_temporary_file, "temporary files are left"),
    (forgets_what_is_stored, "does not know"),
    (knows_what_is_not_stored, "is not there"),
    (shows_the_key, "tells the key"),
    (breaks_the_client, "is closed"),
    (complains, "it was left behind"),
]


@pytest.mark.once
@pytest.mark.parametrize(("leak", "told"), LEAKS, ids=[leak.__name__ for leak, _ in LEAKS])
def test_a_work_that_does_it_wrong_is_found(
    leak: Callable[[Stage], Awaitable[None]], told: str, sweep: Callable[..., Sweep]
) -> None:
    held: list[Stage] = []

    @asynccontextmanager
    async def scene(stage: Stage) -> AsyncGenerator[Work]:
        held.append(stage)
        yield lambda: leak(stage)

    sweeping = sweep(Scenario(scene, frozenset(), ledger=True), [WAYS["natively"]])

    with pytest.raises(BaseException) as caught:
        sweeping.run()

    for stage in held:
        left: Any = stage.options.get("held")
        if left is not None:
            left.close()
    assert told in f"{caught.type.__name__} {caught.value}"
    assert "cancelled at step" in caught.value.__notes__[-1]


def test_a_work_that_does_it_right_is_not(sweep: Callable[..., Sweep]) -> None:
    @asynccontextmanager
    async def scene(stage: Stage) -> AsyncGenerator[Work]:
        yield lambda: turns(5)

    sweeping = sweep(Scenario(scene, frozenset(), ledger=True), [WAYS["natively"]])

    assert sweeping.run() >= 5
