"""The fault matrix: every fault over a real socket, and the next call of the same client."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias

import pytest
import trustme

from pixlab_async import AsyncPixLab, DeletionState, PixLabError

from ..conftest import QUICK, Lane
from ..test_lanes import deaf
from .elsewhere import ELSEWHERE
from .matrix import MATRIX
from .rows import Ask, Row
from .server import (
    FaultServer,
    certified,
    fault_server,
    refused,
    speaking_no_tls,
    trusting,
    unknown,
)

KEY = "0123456789abcdef0123456789abcdef"
LINK = "https://media.example/a.png"
# Where it matters how the key is sent: a request with it in the header is never kept for the
# next one, and a refusal, or a redirect, must not depend on that.
IN_HEADER = {6, 36, 37, 40, 41}
Addresses: TypeAlias = dict[str, Callable[[], AbstractContextManager[str]]]


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with fault_server() as running:
        yield running


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """Ways to be no server, by name. For the module's time, its own authority is trusted."""
    known, unheard_of = trustme.CA(), trustme.CA()
    over = known.issue_cert("localhost", not_after=datetime(2001, 1, 1, tzinfo=UTC))
    with trusting(known, tmp_path_factory.mktemp("authority")):
        yield {
            "refused": refused,
            "unknown": unknown,
            "deaf": _deaf,
            "speaking_no_tls": speaking_no_tls,
            "self_signed": partial(certified, unheard_of.issue_cert("localhost")),
            "expired": partial(certified, over),
        }


@contextmanager
def _deaf() -> Generator[str]:
    with deaf() as (base_url, _):
        yield base_url


async def came_of(
    pixlab: AsyncPixLab, ask: Ask
) -> tuple[DeletionState | None, PixLabError | None, int]:
    """State, error and attempts of one call."""
    try:
        if ask == "delete":
            gone = await pixlab.delete(LINK)
            return gone.state, None, gone.meta.attempts

        if ask == "paint":
            await pixlab.oilpaint(LINK, radius=1)
            return None, None, 1

        (outcome,) = [each async for each in pixlab.delete_many([LINK], second_pass=False)]
        return outcome.state, outcome.error, outcome.attempts
    except PixLabError as error:
        return None, error, error.attempts


@pytest.mark.parametrize(
    ("row", "auth"),
    [
        *((row, "query") for row in MATRIX),
        *((row, "header") for row in MATRIX if row.number in IN_HEADER),
    ],
    ids=str,
)
async def test_a_fault_has_its_outcome_and_the_next_call_is_served(
    row: Row, lane: Lane, auth: Any, server: FaultServer, addresses: Addresses
) -> None:
    path = server.path(*row.answers)
    options: dict[str, Any] = {"retry": QUICK, "timeout": 5.0, "deadline": 10.0, **row.options}
    where = addresses[row.address]() if row.address else nullcontext(path.base_url)
    with where as base_url:
        async with AsyncPixLab(
            base_url=base_url,
            llm_url=f"{path.base_url}/llm",
            api_key=KEY,
            auth=auth,
            transport=lane,
            **options,
        ) as pixlab:
            if row.reused:
                await pixlab.call("next")
            state, error, attempts = await came_of(pixlab, row.ask)
            following = await pixlab.call("next", host=row.next_host)

    expected = row.on_fast if lane == "fast" and row.on_fast else row.error
    assert (state, type(error) if error else None) == (row.state, expected), error
    facts = {name: getattr(error, name, attempts) for name in row.facts}
    assert facts == row.facts
    assert path.requests == row.requests
    assert following["next"] is True


def test_every_row_of_the_matrix_is_there() -> None:
    assert {row.number for row in MATRIX} | ELSEWHERE.keys() == set(range(1, 56))


@pytest.mark.parametrize("row", ELSEWHERE, ids=str)
def test_what_covers_a_row_elsewhere_is_there(row: int) -> None:
    for module, names in ELSEWHERE[row].items():
        for name in names:
            assert callable(getattr(import_module(f"tests.{module}"), name))
