"""What the tests of the emulator's endpoints stand on: a client and pictures."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from PIL import Image

from pixlab_async.emulator import Emulator

from ..conftest import PLAIN
from .calling import Calls


@pytest.fixture
def calls(emulator: Emulator) -> Iterator[Calls]:
    with httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
        yield Calls(emulator, client)


@pytest.fixture
def black(calls: Calls) -> str:
    """A link to a black picture of 100 x 60 pixels."""
    return calls.stored(Image.new("RGB", (100, 60)))
