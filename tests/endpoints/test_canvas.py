"""Pictures out of nothing, of web pages, and of the difference between two others."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from pixlab_async import AsyncPixLab, BadRequest, Difference
from pixlab_async.emulator import Emulator

from .images import opened, written

RED = written(Image.new("RGB", (8, 4), "red"))


async def test_newimage_has_the_size_and_the_colour_that_are_asked_for(pixlab: AsyncPixLab) -> None:
    made = await pixlab.blob.newimage(width=7, height=5, color="#ff8000")

    image = opened(made.content)
    assert (image.format, image.size) == ("PNG", (7, 5))
    assert image.convert("RGB").getcolors() == [(35, (255, 128, 0))]


async def test_newimage_is_gray_and_square_where_no_more_is_said(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.newimage(height=3)).content)

    assert image.size == (3, 3)
    assert image.convert("RGB").getpixel((1, 1)) == (128, 128, 128)


async def test_newimage_may_be_transparent(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.newimage(width=2, color="tr")).content)

    assert image.convert("RGBA").getpixel((0, 0)) == (0, 0, 0, 0)


@pytest.mark.parametrize("export", ["jpeg", "gif", "bmp", "webp", "tiff"])
async def test_newimage_is_written_in_any_format(pixlab: AsyncPixLab, export: str) -> None:
    made = await pixlab.blob.newimage(width=2, export=export)

    assert opened(made.content).format == export.upper()
    assert made.media_type == f"image/{export}"


async def test_a_new_image_is_stored(
    pixlab: AsyncPixLab, emulator: Emulator, tmp_path: Path
) -> None:
    media = await pixlab.newimage(width=4, height=2, color="red", export="JPEG")

    assert emulator.stored() == [media.link]
    stored = await pixlab.download(media, tmp_path / "red.jpg")
    assert opened(stored.read_bytes()).size == (4, 2)


async def test_a_colour_that_is_none_is_refused(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="colour"):
        await pixlab.newimage(width=2, color="reddish")


async def test_pixelgenerate_makes_random_pixels(pixlab: AsyncPixLab) -> None:
    first, second = [
        opened((await pixlab.blob.pixelgenerate(width=9, height=6)).content) for _ in range(2)
    ]

    assert first.size == second.size == (9, 6)
    assert first.tobytes() != second.tobytes()
    assert len(first.getcolors() or []) > 40


async def test_pixelgenerate_is_written_in_the_format_that_is_asked_for(
    pixlab: AsyncPixLab,
) -> None:
    made = await pixlab.blob.pixelgenerate(height=3, color="red", export="bmp")

    assert (opened(made.content).format, opened(made.content).size) == ("BMP", (3, 3))


async def test_equal_pictures_do_not_differ(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    media = await pixlab.store(RED)

    difference = await pixlab.imgdiff(media, media)

    assert isinstance(difference, Difference)
    assert difference.diff == 0
    assert emulator.stored() == [media.link, difference.link]


async def test_the_more_pictures_differ_the_greater_the_difference(pixlab: AsyncPixLab) -> None:
    near = written(Image.new("RGB", (8, 4), (250, 0, 0)))
    far = written(Image.new("RGB", (8, 4), (0, 255, 255)))

    close = await pixlab.imgdiff(await pixlab.store(RED), await pixlab.store(near))
    apart = await pixlab.imgdiff(RED, far)

    assert close.diff is not None
    assert apart.diff is not None
    assert 0 < close.diff < apart.diff
    assert apart.diff == 1


async def test_the_difference_is_a_picture(pixlab: AsyncPixLab) -> None:
    image = Image.new("RGB", (8, 4), "red")
    image.putpixel((5, 2), (255, 200, 0))

    shown = await pixlab.blob.imgdiff(RED, written(image))

    assert opened(shown.content).getbbox() == (5, 2, 6, 3)


async def test_pictures_of_two_sizes_are_not_compared(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="same size"):
        await pixlab.imgdiff(RED, written(Image.new("RGB", (4, 8))))


async def test_screencapture_asks_for_a_page(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.when("screencapture", link="https://media.example/page.jpeg")
    page = "https://example.org/a?b=c&d=%20#e"

    shot = await pixlab.screencapture(page, width=800, height=600, export="jpeg")

    assert shot.id == "page.jpeg"
    assert emulator.received[-1].params == {
        "url": page,
        "width": "800",
        "height": "600",
        "export": "jpeg",
    }
