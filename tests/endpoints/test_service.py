"""The service itself, and endpoints by name."""

from __future__ import annotations

import pytest

from pixlab_async import AsyncPixLab, MethodNotAllowed, ServerFailed
from pixlab_async.emulator import Emulator


async def test_status_tells_that_all_is_well(pixlab: AsyncPixLab) -> None:
    assert (await pixlab.status()).payload == "All services are up and running"


async def test_status_tells_more_where_the_service_does(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.when("status", load=0.3)

    status = await pixlab.status()

    assert (status.payload, status.extra) == (None, {"load": 0.3})


async def test_an_endpoint_known_by_its_name_alone_is_called_by_it(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("emboss", link="https://media.example/a.png")

    answer = await pixlab.call("emboss", {"radius": 2}, source=picture)

    assert answer["link"] == "https://media.example/a.png"
    assert (emulator.received[-1].file, emulator.received[-1].params) == (picture, {"radius": "2"})


async def test_a_name_that_nobody_knows_is_sent_all_the_same(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    with pytest.raises(ServerFailed, match="knows no such endpoint") as caught:
        await pixlab.call("tomorrow", {"a": 1})

    assert caught.value.attempts == 1
    assert emulator.received[-1].params == {"a": "1"}


async def test_a_method_that_is_not_taken_is_an_error(pixlab: AsyncPixLab) -> None:
    with pytest.raises(MethodNotAllowed, match="GET"):
        await pixlab.call("status", method="POST")


async def test_what_takes_links_alone_has_its_source_stored_for_the_call(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    answer = await pixlab.call(
        "mogrify", {"cord": [{"left": 0, "top": 0, "width": 3, "height": 3}]}, source=picture
    )

    assert emulator.stored() == [answer["link"]]
    assert [one.endpoint for one in emulator.received] == ["store", "mogrify", "delete"]
