"""What the tests stand on: one emulator for the run, emptied for each test, and a client."""

from __future__ import annotations

import gc
import importlib
import io
import signal
import ssl
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Literal, TypeAlias

import pytest
from PIL import Image

from pixlab_async import AsyncPixLab, RetryPolicy
from pixlab_async.emulator import Emulator

from .scripted import wait_until

# The ways to the wire that are our own.
Lane: TypeAlias = Literal["httpx", "fast"]

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As of what a shell runs in the background. The programs that tests start would inherit it,
    # and ignore the Ctrl-C that the tests are about.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# For clients of httpx that speak plain http: it trusts nobody. The one that each would make for
# itself loads all certificates, which takes longer than most tests.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

# Waits between attempts are not what most tests are about.
QUICK = RetryPolicy(base=0.001, cap=0.002)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["httpx", "fast"])
def lane(request: pytest.FixtureRequest) -> Lane:
    return request.param  # type: ignore[no-any-return]  # one of the two above


# Files that take long begin first, in this order, so that in the end no worker is alone with one.
LONG = [
    *("test_kills.py", "test_model.py", "test_sweeps.py"),
    *("test_bounds.py", "test_cancellation.py", "test_programs.py"),
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The fast lane is for asyncio; that it refuses trio, ``test_fast_lane`` sees."""
    config.hook.pytest_deselected(items=[item for item in items if _is_fast_under_trio(item)])
    items[:] = [item for item in items if not _is_fast_under_trio(item)]
    items.sort(key=lambda item: [item.path.name != name for name in LONG])


def _is_fast_under_trio(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    params: dict[str, object] = {} if callspec is None else callspec.params
    return "fast" in str(params.get("lane")) and params.get("anyio_backend") == "trio"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Twelve thousand tests lie in memory till the end: the garbage collector shall not look
    through them again and again, neither while they are collected nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        # It asks the collector who holds trio's random numbers: what is frozen is not told.
        importlib.import_module("hypothesis")
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIXLAB_API_KEY", raising=False)
    monkeypatch.delenv("PIXLAB_BASE_URL", raising=False)
    monkeypatch.delenv("PIXLAB_LLM_URL", raising=False)
    monkeypatch.delenv("PIXLAB_LEDGER", raising=False)


@pytest.fixture
def uncollected() -> Iterator[None]:
    """For tests that go to the recursion limit: Hypothesis listens to the garbage collector,
    and a listener that has no depth left is an error that Python reports."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator) -> Emulator:
    return emptied(running_emulator)


def emptied(emulator: Emulator) -> Emulator:
    """The emulator as it was when it started, at rest."""
    # What an earlier test cancelled may still be on its way, over a connection that is open, or
    # at work without one; what waits there ends with the clearing.
    wait_until(lambda: emulator.connections == 0)
    emulator.clear()
    wait_until(lambda: emulator.idle)
    emulator.clear()
    return emulator


@pytest.fixture
async def pixlab(
    emulator: Emulator, anyio_backend: str, request: pytest.FixtureRequest
) -> AsyncIterator[AsyncPixLab]:
    """A client on the default lane, or on the test's, where it has one."""
    has_lane = "lane" in request.fixturenames
    async with client_of(emulator, request.getfixturevalue("lane") if has_lane else "httpx") as it:
        yield it


def client_of(emulator: Emulator, lane: Lane = "httpx") -> AsyncPixLab:
    return AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, retry=QUICK, transport=lane
    )


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A small picture in which no two neighbours are alike."""
    return png(Image.effect_noise((24, 16), 90).convert("RGB"))


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
