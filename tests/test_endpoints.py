"""The four endpoints, against the emulator."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from pixlab_async import (
    AsyncPixLab,
    BadRequest,
    ConfigurationError,
    DeletionState,
    NotFound,
    PixLabError,
    UnreadableReply,
    UnsupportedMedia,
)
from pixlab_async.emulator import Emulator, Fault

from .conftest import png


async def test_store_uploads_a_picture(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    media = await pixlab.store(picture, comment="a cat & a #dog")

    assert emulator.stored() == [media.link]
    assert emulator.received[-1].params == {"comment": "a cat & a #dog"}


async def test_an_id_is_the_last_part_of_the_link(pixlab: AsyncPixLab, picture: bytes) -> None:
    media = await pixlab.store(picture)

    assert media.link.endswith(f"/{media.id}")


async def test_undocumented_fields_are_kept(pixlab: AsyncPixLab, picture: bytes) -> None:
    media = await pixlab.store(picture)

    assert media.extra == {"ssl_link": media.link}


async def test_store_takes_no_link(pixlab: AsyncPixLab) -> None:
    with pytest.raises(ConfigurationError, match="takes no link"):
        await pixlab.store("https://example.org/cat.jpg")


async def test_store_refuses_what_is_no_picture(pixlab: AsyncPixLab) -> None:
    with pytest.raises(UnsupportedMedia, match="no picture"):
        await pixlab.store(b"just words")


async def test_oilpaint_of_an_upload_paints_and_stores(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    painted = await pixlab.oilpaint(picture, 3)

    assert emulator.stored() == [painted.link]


async def test_oilpaint_of_a_link_sends_the_link(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    source = await pixlab.store(picture)

    await pixlab.oilpaint(source.link, radius=2.5)

    assert emulator.received[-1].params == {"img": source.link, "radius": "2.5"}


async def test_oilpaint_takes_a_stored_media(pixlab: AsyncPixLab, picture: bytes) -> None:
    source = await pixlab.store(picture)

    painted = await pixlab.oilpaint(source, radius=1)

    assert painted != source


async def test_a_painted_picture_has_fewer_changes_of_colour(
    pixlab: AsyncPixLab, picture: bytes
) -> None:
    painted = await pixlab.blob.oilpaint(picture, radius=3)

    assert _changes(painted.content) < _changes(picture) / 2


async def test_a_blob_is_a_picture_of_the_same_size_and_nothing_is_stored(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    painted = await pixlab.blob.oilpaint(picture, radius=3)

    assert (painted.media_type, Image.open(io.BytesIO(painted.content)).size) == (
        "image/png",
        (24, 16),
    )
    assert emulator.stored() == []


async def test_a_blob_of_a_link_is_bytes_too(pixlab: AsyncPixLab, picture: bytes) -> None:
    source = await pixlab.store(picture)

    painted = await pixlab.blob.oilpaint(source.link, radius=3)

    assert Image.open(io.BytesIO(painted.content)).size == (24, 16)


async def test_an_error_of_a_blob_call_is_an_error_not_bytes(pixlab: AsyncPixLab) -> None:
    with pytest.raises(UnsupportedMedia):
        await pixlab.blob.oilpaint(b"no picture", radius=3)


@pytest.mark.parametrize(
    ("body", "media_type", "problem"),
    [
        (b'{"status":200,"link":"x","id":"y"}', "application/json", "JSON where"),
        (b"<html>log in</html>", "text/html", "text/html where a picture"),
        (b"", "image/png", "empty"),
    ],
)
async def test_a_blob_that_is_no_picture_is_refused(
    pixlab: AsyncPixLab,
    emulator: Emulator,
    picture: bytes,
    body: bytes,
    media_type: str,
    problem: str,
) -> None:
    emulator.inject(Fault(endpoint="oilpaint", body=body, media_type=media_type, times=None))

    with pytest.raises(UnreadableReply, match=problem):
        await pixlab.blob.oilpaint(picture, radius=3)

    emulator.clear()


@pytest.mark.parametrize("radius", [10.5, -0.5, float("nan"), float("inf"), "3", True])
async def test_a_radius_that_cannot_be_is_refused_before_anything_is_sent(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes, radius: float
) -> None:
    with pytest.raises(ConfigurationError, match="radius"):
        await pixlab.oilpaint(picture, radius)

    assert not emulator.received


async def test_delete_removes_the_picture(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    media = await pixlab.store(picture)

    gone = await pixlab.delete(media.link)

    assert (gone.id, gone.deleted, gone.state) == (media.id, True, DeletionState.DELETED)
    assert emulator.stored() == []


async def test_delete_takes_media_and_ids_too(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    first, second = await pixlab.store(picture), await pixlab.store(picture)

    await pixlab.delete(first)
    await pixlab.delete(second.id)

    assert emulator.stored() == []


async def test_delete_of_nothing_raises(pixlab: AsyncPixLab) -> None:
    with pytest.raises(NotFound) as caught:
        await pixlab.delete("https://example.org/1p62f73c9583ec6.png")

    assert not caught.value.maybe_processed


async def test_delete_of_nothing_may_be_fine(pixlab: AsyncPixLab) -> None:
    gone = await pixlab.delete("1p62f73c9583ec6.png", missing_ok=True)

    assert (gone.deleted, gone.state) == (False, DeletionState.ALREADY_GONE)


async def test_a_deletion_whose_reply_was_lost_counts_as_deleted(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    media = await pixlab.store(picture)
    emulator.inject(Fault(endpoint="delete", acts=True, reset="before"))

    gone = await pixlab.delete(media)

    assert (gone.deleted, gone.state) == (True, DeletionState.DELETED_UNCONFIRMED)
    assert gone.meta.attempts == 2


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":200,"id":"a.png","deleted":false}',
        b'{"status":200,"id":"a.png","deleted":"yes"}',
        b'{"status":200,"id":"a.png"}',
    ],
)
async def test_only_a_plain_true_counts_as_deleted(
    pixlab: AsyncPixLab, emulator: Emulator, body: bytes
) -> None:
    emulator.inject(Fault(endpoint="delete", body=body, times=3))

    with pytest.raises(UnreadableReply) as caught:
        await pixlab.delete("a.png")

    assert caught.value.field == "deleted"


@pytest.mark.parametrize(
    "link",
    ["", "two words", "line\n", "tab\t", "nul\0", "x" * 4097, 7, None],
    ids=["empty", "space", "line end", "tab", "nul", "too long", "a number", "None"],
)
async def test_a_link_that_cannot_be_sent_is_refused(
    pixlab: AsyncPixLab, emulator: Emulator, link: str
) -> None:
    with pytest.raises(ConfigurationError):
        await pixlab.delete(link)

    assert not emulator.received


@pytest.mark.parametrize(
    "link",
    [
        "https://host/a?b=c&key=EVIL",
        "https://host/a#fragment",
        "https://host/a+b%20c%2Fd%252Fe%zz",
        "https://host/中😀é",
        'https://host/"<>\\;[]|^`{}',
        "https://user:word@host/../a/./b//c",
        "x" * 4096,
    ],
)
async def test_a_link_arrives_as_it_is(pixlab: AsyncPixLab, emulator: Emulator, link: str) -> None:
    await pixlab.delete(link, missing_ok=True)

    assert emulator.received[-1].params == {"link": link}


async def test_status_needs_no_key(emulator: Emulator) -> None:
    async with AsyncPixLab(base_url=emulator.base_url) as pixlab:
        status = await pixlab.status()

    assert status.payload is not None
    assert emulator.received[-1].key is None


async def test_status_without_a_message_is_fine(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.inject(Fault(endpoint="status", body=b'{"status":"200","payload":7}'))

    assert (await pixlab.status()).payload is None


async def test_call_reaches_an_endpoint_by_name(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    answer = await pixlab.call("oilpaint", {"radius": 2, "comment": None}, source=picture)

    assert emulator.stored() == [answer["link"]]


async def test_call_sends_a_link_as_img(pixlab: AsyncPixLab, picture: bytes) -> None:
    source = await pixlab.store(picture)

    answer = await pixlab.call("oilpaint", {"radius": 2}, source=source)

    assert answer.fields["status"] == 200


async def test_call_posts_json_when_asked_to(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    source = await pixlab.store(picture)

    await pixlab.call("oilpaint", {"img": source.link, "radius": 2.5}, method="POST")

    assert emulator.received[-1].params == {"img": source.link, "radius": 2.5}


async def test_call_repeats_what_the_caller_says_may_be_repeated(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="labelimage", status=500))

    with pytest.raises(PixLabError) as caught:
        await pixlab.call("labelimage", {"img": "https://example.org/a.png"}, repeatable=True)

    assert caught.value.attempts > 1


async def test_call_does_not_repeat_what_it_does_not_know(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    with pytest.raises(PixLabError) as caught:
        await pixlab.call("labelimage", {"img": "https://example.org/a.png"})

    assert caught.value.attempts == 1


@pytest.mark.parametrize("name", ["", "../admin", "delete?x=1", "Delete", "//evil/delete"])
async def test_call_refuses_what_is_no_name(pixlab: AsyncPixLab, name: str) -> None:
    with pytest.raises(ConfigurationError, match="no endpoint's name"):
        await pixlab.call(name)


async def test_call_takes_no_key(pixlab: AsyncPixLab) -> None:
    with pytest.raises(ConfigurationError, match="api_key="):
        await pixlab.call("status", {"key": "abc"})


async def test_a_picture_at_no_address_is_not_found(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    with pytest.raises(NotFound):
        await pixlab.oilpaint(f"{emulator.base_url}/media.pixlab.xyz/none.png", radius=3)


async def test_a_refused_parameter_is_a_bad_request(pixlab: AsyncPixLab, picture: bytes) -> None:
    with pytest.raises(BadRequest, match="'radius' must be a number from 0 to 10"):
        await pixlab.call("oilpaint", {"radius": -1}, source=picture)


async def test_transparency_survives_the_painting(pixlab: AsyncPixLab) -> None:
    clear = png(Image.new("RGBA", (8, 8), (200, 10, 10, 0)))

    painted = await pixlab.blob.oilpaint(clear, radius=1)

    assert Image.open(io.BytesIO(painted.content)).convert("RGBA").getpixel((3, 3))[3] == 0  # type: ignore[index]  # an RGBA pixel is a tuple


def _changes(content: bytes) -> int:
    """How often the colour changes from one pixel of a row to the next."""
    image = Image.open(io.BytesIO(content)).convert("RGB")
    width, height = image.size
    return sum(
        image.getpixel((x, y)) != image.getpixel((x + 1, y))
        for y in range(height)
        for x in range(width - 1)
    )
