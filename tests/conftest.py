"""What the tests stand on: one emulator for the run, emptied for each test, and a client."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator

import pytest
from PIL import Image

from pixlab_async import AsyncPixLab, RetryPolicy
from pixlab_async.emulator import Emulator

from .scripted import wait_until

# Waits between attempts are not what most tests are about.
QUICK = RetryPolicy(base=0.001, cap=0.002)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIXLAB_API_KEY", raising=False)
    monkeypatch.delenv("PIXLAB_BASE_URL", raising=False)
    monkeypatch.delenv("PIXLAB_LLM_URL", raising=False)
    monkeypatch.delenv("PIXLAB_LEDGER", raising=False)


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator) -> Emulator:
    # What an earlier test cancelled may still be on its way, over a connection that is open.
    wait_until(lambda: running_emulator.connections == 0)
    running_emulator.clear()
    return running_emulator


@pytest.fixture
async def pixlab(emulator: Emulator, anyio_backend: str) -> AsyncIterator[AsyncPixLab]:
    async with client_of(emulator) as client:
        yield client


def client_of(emulator: Emulator) -> AsyncPixLab:
    return AsyncPixLab(base_url=emulator.base_url, api_key=emulator.api_key, retry=QUICK)


@pytest.fixture(scope="session")
def picture() -> bytes:
    """A small picture in which no two neighbours are alike."""
    return png(Image.effect_noise((24, 16), 90).convert("RGB"))


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
