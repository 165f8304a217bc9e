"""What the package's objects print, and what their copies, pickles and dumps give away."""

from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Callable
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import attrs
import pytest
from rich.pretty import pretty_repr

import pixlab_async
from pixlab_async import APIKey, AsyncPixLab, Media
from pixlab_async._key import guard
from pixlab_async._origin import BaseURL
from pixlab_async._protocol import build
from pixlab_async.cli._settings import Settings
from pixlab_async.emulator import Emulator
from pixlab_async.endpoints.storage import delete_call
from pixlab_async.probe._wire import Ask
from pixlab_async.transports import Reply, Request

from ..scripted import http, serve
from .conftest import Auth, reaching
from .hunting import IN_QUERY, LINK, VAULT, assert_silent
from .telling import reached, told_by


def request_of(auth: Auth, method: str = "GET") -> Request:
    call = attrs.evolve(delete_call(LINK), method=method)
    key = APIKey(VAULT.open())
    return build(call, "https://api.example", key=key, auth=auth, timeout=1.0)


HOLDERS: dict[str, Callable[[], object]] = {
    "a key": lambda: APIKey(VAULT.open()),
    "a guarded key": lambda: guard(VAULT.open()),
    "what is no key": lambda: guard(VAULT.open() + " "),
    "a base URL": lambda: BaseURL.parse(f"https://api.example/?key={IN_QUERY}"),
    "a client": lambda: AsyncPixLab(api_key=VAULT.open()),
    "a client of a URL": lambda: AsyncPixLab(base_url=f"https://api.example/?key={IN_QUERY}"),
    "a derived client": lambda: AsyncPixLab().with_options(api_key=VAULT.open()),
    "its options": lambda: AsyncPixLab(api_key=VAULT.open())._options,
    "its core": lambda: AsyncPixLab(api_key=VAULT.open())._core,
    "its groups": lambda: AsyncPixLab(api_key=VAULT.open()).blob,
    "a lender": lambda: _lender(AsyncPixLab(api_key=VAULT.open())),
    "a batch": lambda: AsyncPixLab(api_key=VAULT.open()).delete_many([LINK]),
    "a request": lambda: request_of("query"),
    "a request with a header": lambda: request_of("header"),
    "a reply": lambda: Reply(200, {"x": VAULT.open()}, VAULT.open().encode()),
    "what a probe asks": lambda: Ask("status", key=APIKey(VAULT.open())),
    "settings": lambda: Settings(None, None, "query", None, None, as_json=False),
}


def _lender(pixlab: AsyncPixLab) -> object:
    async def making() -> Media:
        raise NotImplementedError

    made = making()
    lender = pixlab.temporary(made)
    made.close()
    return lender


def pickled(held: Any) -> object:
    return pickle.dumps(held)


def copied(held: Any) -> object:
    return copy.copy(held)


def deeply_copied(held: Any) -> object:
    return copy.deepcopy(held)


def state_of(held: Any) -> object:
    return held.__getstate__()


def reduced(held: Any) -> object:
    return held.__reduce__()


@pytest.mark.parametrize("holder", ["a key", "a request", "a request with a header"])
@pytest.mark.parametrize("leak", [pickled, copied, deeply_copied, state_of, reduced])
def test_what_is_a_secret_refuses_to_be_copied(holder: str, leak: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match="never pickled|not pickled") as caught:
        leak(HOLDERS[holder]())

    assert_silent(told_by(caught.value))


@pytest.mark.parametrize("name", ["a key", "a request"])
def test_what_is_a_secret_is_nothing_that_json_or_attrs_can_take_apart(name: str) -> None:
    held: Any = HOLDERS[name]()

    with pytest.raises(TypeError):
        json.dumps(held)
    with pytest.raises(TypeError):
        vars(held)
    with pytest.raises(attrs.exceptions.NotAnAttrsClassError):
        attrs.asdict(held)


def test_every_class_with_a_key_in_it_is_known() -> None:
    """A new one goes into the table above, or is made to show nothing where it is used."""
    found: set[str] = set()
    for module in walk_packages(pixlab_async.__path__, "pixlab_async."):
        for name, kind in vars(import_module(module.name)).items():
            if isinstance(kind, type) and kind.__module__ == module.name:
                types = " ".join(map(str, getattr(kind, "__annotations__", {}).values()))
                found |= {name} if re.search("APIKey|Guarded", types) else set()

    assert found == {"Ask", "BaseURL", "Options", "Session", "_Exchange"}


async def test_what_the_emulator_received_prints_without_keys(
    service: Emulator, auth: Auth, picture: bytes
) -> None:
    async with reaching(service.base_url, auth) as pixlab:
        await pixlab.store(picture)
        await pixlab.status()
    received = list(service.received)

    assert [one.key for one in received if one.endpoint == "store"] == [VAULT.open()]
    assert_silent(repr(received), pretty_repr(received), repr(service))


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("way", ["httpx", "fast", "foreign"])
async def test_a_client_that_is_idle_holds_the_key_in_its_own_object_alone(
    auth: Auth, way: Any
) -> None:
    """Whoever looks at the memory of a program for another reason does not come by it."""
    with serve([http()] * 2) as script:
        async with reaching(script.base_url, auth, way) as pixlab:
            await pixlab.delete(LINK)
            await pixlab.delete(LINK)
            held = list(reached([pixlab]))
            script.requests.clear()

    assert len(held) > 20
    assert_silent(*held)
