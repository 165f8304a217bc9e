"""What the package's objects print, and what their copies, pickles and dumps give away."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from rich.pretty import pretty_repr

import pixlab_async
from pixlab_async import APIKey, AsyncPixLab, Ledger, Media
from pixlab_async._key import guard
from pixlab_async._origin import BaseURL
from pixlab_async._protocol import build
from pixlab_async.cli._settings import Settings
from pixlab_async.emulator import Emulator
from pixlab_async.endpoints.storage import delete_call
from pixlab_async.transports import Reply, Request

from ..scripted import http, serve
from .conftest import Auth, reaching
from .hunting import IN_QUERY, LINK, VAULT, assert_silent
from .telling import reached, shown_by, told_by


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
    "settings": lambda: Settings(None, None, "query", None, None, as_json=False),
}


def _lender(pixlab: AsyncPixLab) -> object:
    async def making() -> Media:
        raise NotImplementedError

    made = making()
    lender = pixlab.temporary(made)
    made.close()
    return lender


@pytest.mark.parametrize("holder", HOLDERS)
def test_what_holds_a_key_shows_none(holder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXLAB_API_KEY", VAULT.open())
    held = HOLDERS[holder]()

    if isinstance(held, Reply):  # what came from the wire has not been searched yet
        assert_silent(repr(held), f"{held}", pretty_repr(held))
    else:
        assert_silent(shown_by(held))


@pytest.mark.parametrize(
    "holder", [name for name in HOLDERS if "request" in name or "a key" in name]
)
@pytest.mark.parametrize(
    "leak",
    [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        lambda it: it.__getstate__(),
        lambda it: it.__reduce__(),
    ],
)
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


def test_no_public_class_can_hold_a_key_and_print_it() -> None:
    """Whatever is in ``__all__`` and takes a text, takes the key and is asked what it shows."""
    taken: set[str] = set()
    for name in pixlab_async.__all__:
        kind = getattr(pixlab_async, name)
        if isinstance(kind, type) and issubclass(kind, APIKey | AsyncPixLab | Ledger):
            taken.add(name)

    assert taken == {"APIKey", "AsyncPixLab", "Ledger"}  # a new one goes into HOLDERS


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
