"""What a picture is, and what it shows."""

from __future__ import annotations

import pytest
from PIL import Image

from pixlab_async import AsyncPixLab, ServerFailed, Tag, UnsupportedMedia
from pixlab_async.emulator import Emulator

from .images import written


async def test_header_tells_what_a_file_is(pixlab: AsyncPixLab) -> None:
    content = written(Image.new("L", (30, 20)), "JPEG")

    header = await pixlab.header(content)

    assert (header.width, header.height, header.type, header.mime) == (30, 20, "JPEG", "image/jpeg")
    assert (header.size, header.channels, header.bits) == (len(content), 1, 8)
    assert (header.html_attr, header.css_prop) == (
        'height="20" width="30"',
        "height:20px;width:30px;",
    )
    assert not header.extra


async def test_header_of_a_link_is_the_same(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    media = await pixlab.store(picture)

    assert await pixlab.header(media) == await pixlab.header(picture)
    assert emulator.stored() == [media.link]


async def test_header_of_words_is_an_error(pixlab: AsyncPixLab) -> None:
    with pytest.raises(UnsupportedMedia):
        await pixlab.header(b"words")


async def test_nsfw_is_a_score(pixlab: AsyncPixLab, emulator: Emulator, picture: bytes) -> None:
    emulator.when("nsfw", score=0.93)

    assert (await pixlab.nsfw(picture)).score == 0.93
    assert emulator.received[-1].file == picture


async def test_sfw_is_a_score(pixlab: AsyncPixLab, emulator: Emulator, picture: bytes) -> None:
    emulator.when("sfw", score=0.07)

    assert (await pixlab.sfw(picture)).score == 0.07


async def test_tags_come_in_the_services_order(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    tags = [{"name": "sea", "confidence": 0.9}, {"name": "sky", "confidence": 0.4}]
    emulator.when("tagimg", tags=tags)

    assert (await pixlab.tagimg(picture)).tags == (Tag("sea", 0.9), Tag("sky", 0.4))


async def test_describe_asks_in_a_language(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("describe", description="eine Katze")

    described = await pixlab.describe(picture, lang="german", short=True)

    assert described.text == "eine Katze"
    assert emulator.received[-1].params == {"lang": "german", "short": "true"}


async def test_query_asks_a_question(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("query", response="Two & a half")

    answered = await pixlab.query(picture, "How many cats & dogs?", lang="english")

    assert answered.text == "Two & a half"
    assert emulator.received[-1].params == {"query": "How many cats & dogs?", "lang": "english"}


async def test_seotag_writes_alternative_text(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("seotag", tag="A cat")

    assert (await pixlab.seotag(picture, short=False)).text == "A cat"
    assert emulator.received[-1].params == {"short": "false"}


async def test_what_the_emulator_cannot_know_it_does_not_make_up(
    pixlab: AsyncPixLab, picture: bytes
) -> None:
    with pytest.raises(ServerFailed, match=r"emulator\.when\('nsfw'"):
        await pixlab.nsfw(picture)


async def test_looking_leaves_nothing_stored(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("sfw", score=1)
    await pixlab.sfw(picture)
    await pixlab.header(picture)

    assert emulator.stored() == []
