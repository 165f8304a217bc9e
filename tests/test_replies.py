"""Replies of unusual form, and what the client makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from pixlab_async import AsyncPixLab, PixLabError, ServerFailed, UnreadableReply
from pixlab_async._core import _is_the_service
from pixlab_async.emulator import Emulator, Fault

OPENAI = {"id": "chatcmpl-1", "object": "chat.completion", "choices": [{"index": 0}]}


def told(body: object) -> Fault:
    return Fault(body=json.dumps(body).encode(), media_type="application/json", times=None)


async def test_a_reply_of_openais_form_needs_no_status(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(told(OPENAI))

    reply = await pixlab.answer("why?", openai_reply=True)

    assert reply["choices"] == [{"index": 0}]


async def test_without_that_form_a_reply_needs_a_status(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(told(OPENAI))

    with pytest.raises(UnreadableReply) as caught:
        await pixlab.coder("a loop")

    assert (caught.value.field, caught.value.attempts) == ("status", 1)


async def test_an_error_in_openais_form_is_no_success(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(told({"error": "no such model"}))

    with pytest.raises(PixLabError):
        await pixlab.answer("why?", openai_reply=True)


async def test_what_is_not_implemented_is_asked_for_once(pixlab: AsyncPixLab) -> None:
    with pytest.raises(ServerFailed) as caught:
        await pixlab.nsfw("https://example.org/cat.jpg")

    assert (caught.value.status, caught.value.attempts) == (501, 1)


async def test_an_id_holds_nothing_of_a_links_query(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(told({"status": 200, "link": "https://bucket/a/x.png?Signature=private"}))

    made = await pixlab.flip("https://example.org/cat.jpg")

    assert made.id == "x.png"


async def test_a_difference_without_a_figure_is_a_picture_all_the_same(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(told({"status": 200, "link": "https://media/x.png"}))

    found = await pixlab.imgdiff("https://example.org/a.png", "https://example.org/b.png")

    assert (found.link, found.diff) == ("https://media/x.png", None)


async def test_a_cutout_in_a_bucket_can_be_deleted(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    stored = await pixlab.store(picture)
    emulator.when("bgremove", link=stored.link, imgData="")

    cutout = await pixlab.bgremove(picture)
    assert cutout.media is not None
    await pixlab.delete(cutout.media)

    assert emulator.stored() == []


async def test_a_pdf_that_is_here_becomes_a_picture(
    pixlab: AsyncPixLab, emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes((await pixlab.blob.pdfgen("hello", "plaintext")).content)

    media = await pixlab.pdftoimg(tmp_path / "a.pdf")

    assert emulator.stored() == [media.link]


async def test_what_was_made_is_given_or_gone_when_the_caller_is_cancelled_after_it(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.inject(Fault(endpoint="delete", latency=0.3))
    given: list[str] = []
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            group.start_soon(_cancel_at_a_deletion, emulator, scope)
            given.append((await pixlab.drawpoints(picture, [{"x": 1, "y": 1}])).link)

    assert emulator.stored() == given


async def _cancel_at_a_deletion(emulator: Emulator, scope: anyio.CancelScope) -> None:
    while all(request.endpoint != "delete" for request in list(emulator.received)):
        await anyio.sleep(0.005)
    scope.cancel()


@pytest.mark.parametrize(
    ("origin", "is_it"),
    [
        ("https://api.pixlab.io", True),
        ("https://API.pixlab.io:443", True),
        ("https://api.pixlab.io./v1", True),
        ("https://api.pixlab.io.example.org", False),
    ],
)
def test_the_service_is_known_however_its_address_is_written(origin: str, is_it: bool) -> None:
    assert _is_the_service(origin) is is_it
