"""Pictures freed of what should not be on them, and given what they lack."""

from __future__ import annotations

import base64

import pytest

from pixlab_async import (
    AsyncPixLab,
    Blob,
    ConfigurationError,
    InlinePicture,
    Media,
    ServerFailed,
)
from pixlab_async.emulator import Emulator

LINK = "https://media.example/1p62f73c9583ec6.png"


def told(content: bytes) -> dict[str, object]:
    encoded = base64.b64encode(content).decode()
    return {"imgData": encoded, "mimeType": "image/png", "extension": "png"}


async def test_bgremove_holds_the_picture_and_stores_nothing(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("bgremove", told(b"cut out"))

    cutout = await pixlab.bgremove(picture)

    assert cutout == InlinePicture(b"cut out", "image/png", "png")
    assert emulator.stored() == []


async def test_bgremove_links_to_the_accounts_own_bucket(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("bgremove", link=LINK)

    cutout = await pixlab.bgremove(picture)

    assert (cutout.content, cutout.link) == (None, LINK)


async def test_bgremove_answers_with_bytes_where_these_are_asked_for(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("bgremove", told(b"cut out"))

    assert await pixlab.blob.bgremove(picture) == Blob(b"cut out", "image/png")
    assert emulator.received[-1].params == {"blob": "true"}


async def test_a_picture_in_a_reply_is_not_shown_byte_by_byte(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("bgremove", told(b"cut out"))

    shown = repr(await pixlab.bgremove(picture))

    assert "<7 bytes>" in shown
    assert "cut out" not in shown


async def test_txtremove_holds_the_picture(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("txtremove", told(picture))

    assert (await pixlab.txtremove(picture)).content == picture


async def test_a_large_picture_may_come_within_json(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    large = bytes(3 * 1024 * 1024)
    emulator.when("txtremove", told(large))

    assert (await pixlab.txtremove(picture)).content == large


async def test_imgtranslate_names_both_languages(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("imgtranslate", told(b"translated"))

    translated = await pixlab.imgtranslate(picture, "auto", "fr")

    assert translated.content == b"translated"
    assert emulator.received[-1].params == {"source_lang": "auto", "target_lang": "fr"}
    assert emulator.received[-1].file == picture


async def test_imgtranslate_takes_no_link(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="no link"):
        await pixlab.imgtranslate(LINK, "en", "fr")

    assert not emulator.received


async def test_what_may_have_been_translated_is_not_sent_again(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    with pytest.raises(ServerFailed) as caught:
        await pixlab.imgtranslate(picture, "en", "fr")

    assert caught.value.attempts == 1
    assert caught.value.maybe_processed


async def test_removebg_stores_a_picture(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("removebg", link=LINK)

    assert await pixlab.removebg(await pixlab.store(picture)) == Media(LINK, "1p62f73c9583ec6.png")


async def test_colorize_stores_a_picture(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("colorize", link=LINK)

    assert (await pixlab.colorize(await pixlab.store(picture))).link == LINK
