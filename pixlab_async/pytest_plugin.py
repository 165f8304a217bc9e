"""Fixtures for the tests of programs that use this package; pytest finds them by itself.

Loaded at the start of every pytest run in an environment that has the package, so it
imports nothing of the emulator (and of its dependencies) until a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .emulator import Emulator

# The modules that come with the extra "emulator".
_EXTRA = frozenset({"PIL", "multipart", "python_multipart", "starlette", "uvicorn"})
_MISSING = (
    "The emulator needs its extra. In the checkout of pixlab-async: pip install '.[emulator]'"
)


@pytest.fixture
def pixlab_emulator() -> Iterator[Emulator]:
    """A running ``Emulator``: PixLab on this machine, new and empty for each test.

    It runs in a thread of its own, so it serves plain and async tests alike.
    """
    try:
        from .emulator import Emulator  # noqa: PLC0415 - only a test that asks pays for it
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in _EXTRA:
            raise

        pytest.fail(_MISSING, pytrace=False)

    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def pixlab_environment(pixlab_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator of ``pixlab_emulator``, with PIXLAB_BASE_URL and PIXLAB_API_KEY set to it.

    A program that makes its client with ``AsyncPixLab()`` talks to the emulator then.
    """
    monkeypatch.setenv("PIXLAB_BASE_URL", pixlab_emulator.base_url)
    monkeypatch.setenv("PIXLAB_API_KEY", pixlab_emulator.api_key)
    return pixlab_emulator
