"""An emulator that takes the canary's key alone, and clients that reach it in every way."""

from __future__ import annotations

import io
import logging
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeAlias

import httpx
import pytest

from pixlab_async import APIKey, AsyncPixLab
from pixlab_async.emulator import Emulator

from ..conftest import QUICK, emptied
from .hunting import VAULT, loggers

# Made once: it takes longer than a test.
TRUST = ssl.create_default_context()

Auth: TypeAlias = Literal["query", "header"]
# Of the default lane, the fast one, an httpx transport and an httpx client of the caller's.
Way: TypeAlias = Literal["httpx", "fast", "foreign", "client"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without what is refused, or the same under trio as under asyncio."""
    config.hook.pytest_deselected(items=[item for item in items if _is_needless(item)])
    items[:] = [item for item in items if not _is_needless(item)]


def _is_needless(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    params: dict[str, object] = {} if callspec is None else callspec.params
    way, backend = params.get("way"), params.get("anyio_backend")
    in_query = way == "client" and params.get("auth") == "query"
    return in_query or (way is not None and way != "httpx" and backend == "trio")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What every logger says at every level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    before = [(logger, logger.level) for logger in loggers() if not logger.name.startswith("PIL")]
    root = logging.getLogger()
    root.addHandler(handler)
    for logger, _ in before:
        logger.setLevel(1)
    yield stream
    root.removeHandler(handler)
    for logger, level in before:
        logger.setLevel(level)


@pytest.fixture(scope="session")
def guarded_emulator() -> Iterator[Emulator]:
    with Emulator(api_key=VAULT.open()) as emulator:
        yield emulator


@pytest.fixture
def service(guarded_emulator: Emulator) -> Emulator:
    return emptied(guarded_emulator)


@pytest.fixture(params=["query", "header"])
def auth(request: pytest.FixtureRequest) -> Auth:
    return request.param  # type: ignore[no-any-return]  # one of the two above


@pytest.fixture(params=["httpx", "fast", "foreign", "client"])
def way(request: pytest.FixtureRequest) -> Way:
    return request.param  # type: ignore[no-any-return]  # one of the four above


def made(base_url: str, auth: Auth, way: Way = "httpx", **options: Any) -> AsyncPixLab:
    """A client with the canary's key, and what it was made with."""
    own: dict[str, Any] = {"retry": QUICK, **options}
    if way == "fast":
        own["transport"] = "fast"
    if way == "foreign":
        own["transport"] = httpx.AsyncHTTPTransport(verify=TRUST)
    return AsyncPixLab(base_url=base_url, auth=auth, api_key=APIKey(VAULT.open()), **own)


@asynccontextmanager
async def reaching(
    base_url: str, auth: Auth, way: Way = "httpx", **options: Any
) -> AsyncGenerator[AsyncPixLab]:
    """The same, and closed at the end; over an httpx client of the caller's where asked for."""
    if way != "client":
        async with made(base_url, auth, way, **options) as client:
            yield client
        return

    async with httpx.AsyncClient(verify=TRUST) as given:
        async with made(base_url, auth, http_client=given, **options) as client:
            yield client


@pytest.fixture
async def pixlab(
    service: Emulator, auth: Auth, way: Way, anyio_backend: str
) -> AsyncIterator[AsyncPixLab]:
    async with reaching(service.base_url, auth, way) as client:
        yield client
