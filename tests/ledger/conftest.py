"""A ledger in a folder of the test's own, and a client that keeps it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pixlab_async import AsyncPixLab
from pixlab_async.emulator import Emulator
from pixlab_async.ledger import Ledger

from ..conftest import QUICK


@pytest.fixture
async def ledger(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Ledger]:
    async with Ledger(tmp_path / "media.db") as made:
        yield made


@pytest.fixture
async def pixlab(ledger: Ledger, emulator: Emulator) -> AsyncIterator[AsyncPixLab]:
    async with AsyncPixLab(
        base_url=emulator.base_url, api_key=emulator.api_key, retry=QUICK, ledger=ledger
    ) as client:
        yield client
