"""Endpoints that put something around a picture, or its frames together."""

from __future__ import annotations

import io

import pytest
from PIL import IcoImagePlugin, Image

from pixlab_async import AsyncPixLab, BadRequest

from .images import grid, opened, written

SOURCE = grid(6, 4)
GRID = written(SOURCE)
RED = written(Image.new("RGB", (20, 10), "red"))


def alpha(image: Image.Image, x: int, y: int) -> int:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    assert len(pixel) == 4
    return int(pixel[3])


async def test_border_surrounds_the_picture(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.border(GRID, width=3, height=1, color="yellow")).content)
    assert image.size == (12, 6)
    assert image.crop((3, 1, 9, 5)).tobytes() == SOURCE.tobytes()
    assert image.getpixel((2, 3)) == image.getpixel((5, 0)) == (255, 255, 0)


async def test_a_border_is_gray_where_no_colour_is_given(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.border(GRID, width=1)).content)
    assert image.getpixel((0, 0)) == (128, 128, 128)


async def test_a_borders_side_that_is_left_out_takes_the_others_value(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.border(GRID, height=5)).content)
    assert image.size == (16, 14)


async def test_a_border_leaves_transparency_alone(pixlab: AsyncPixLab) -> None:
    source = written(Image.new("RGBA", (4, 4), (9, 9, 9, 77)))
    image = opened((await pixlab.blob.border(source, width=1, color="red")).content)
    assert image.getpixel((2, 2)) == (9, 9, 9, 77)
    assert image.getpixel((0, 0)) == (255, 0, 0, 255)


async def test_a_shadow_falls_to_the_right_and_below(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.shadow(RED, 60, 0, 5, 3)).content)
    assert image.size == (25, 13)
    assert image.getpixel((0, 0)) == image.getpixel((19, 9)) == (255, 0, 0, 255)
    assert image.getpixel((22, 11)) == (0, 0, 0, 153)
    assert alpha(image, 2, 11) == 0


async def test_a_shadow_falls_to_the_left_and_above(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.shadow(RED, 100, 0, -5, -3)).content)
    assert image.size == (25, 13)
    assert image.getpixel((5, 3)) == (255, 0, 0, 255)
    assert image.getpixel((0, 0)) == (0, 0, 0, 255)


async def test_sigma_softens_a_shadow(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.shadow(RED, 100, 2, 0, 0)).content)
    assert image.size == (28, 18)
    assert 0 < alpha(image, 14, 1) < alpha(image, 14, 3) < 255


async def test_a_shadows_opacity_is_a_percentage(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="percentage"):
        await pixlab.blob.shadow(RED, 101, 1, 0, 0)


@pytest.mark.parametrize("sigma", [100_000.0, 1e300])
async def test_a_shadow_on_far_too_large_a_canvas_is_refused(
    pixlab: AsyncPixLab, sigma: float
) -> None:
    with pytest.raises(BadRequest, match="pixels"):
        await pixlab.blob.shadow(RED, 50, sigma, 0, 0)


async def test_a_polaroid_has_a_white_frame_with_a_broad_foot(pixlab: AsyncPixLab) -> None:
    source = written(Image.new("RGB", (100, 100), "red"))
    image = opened((await pixlab.blob.polaroid(source, 0)).content)
    column = [image.getpixel((50, y)) for y in range(image.height)]
    assert column.count((255, 0, 0, 255)) == 100
    first = column.index((255, 0, 0, 255))
    assert column[first - 4 : first] == [(255, 255, 255, 255)] * 4
    assert column[first + 100 : first + 116] == [(255, 255, 255, 255)] * 16


async def test_a_polaroid_is_turned_and_casts_a_shadow(pixlab: AsyncPixLab) -> None:
    source = written(Image.new("RGB", (60, 60), "red"))
    straight = opened((await pixlab.blob.polaroid(source, 0)).content)
    turned = opened((await pixlab.blob.polaroid(source, 20)).content)
    assert turned.width > straight.width
    assert alpha(turned, 0, 0) == 0
    shadows = turned.getchannel("A").histogram()[1:255]
    assert sum(shadows) > 0


async def test_a_reflection_mirrors_the_lowest_rows_and_fades(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.reflect(GRID, size=2)).content)
    assert image.size == (6, 6)
    assert image.crop((0, 0, 6, 4)).convert("RGB").tobytes() == SOURCE.tobytes()
    assert image.getpixel((5, 4)) == (50, 30, 200, 128)
    assert image.getpixel((5, 5)) == (50, 20, 200, 64)


async def test_a_reflection_is_at_most_as_high_as_the_picture(pixlab: AsyncPixLab) -> None:
    assert opened((await pixlab.blob.reflect(GRID)).content).size == (6, 8)


async def test_soft_results_of_a_gif_are_png(pixlab: AsyncPixLab) -> None:
    result = await pixlab.blob.reflect(written(SOURCE, "GIF"))
    assert result.media_type == "image/png"


async def test_flatten_lays_frames_over_each_other(pixlab: AsyncPixLab) -> None:
    first, second = Image.new("RGBA", (6, 4)), Image.new("RGBA", (6, 4))
    first.paste("red", (0, 0, 3, 4))
    second.paste("blue", (2, 0, 5, 4))
    source = written(first, "GIF", save_all=True, append_images=[second], disposal=2)

    result = await pixlab.blob.flatten(source)

    image = opened(result.content)
    assert result.media_type == "image/png"
    assert image.getpixel((0, 0)) == (255, 0, 0, 255)
    assert image.getpixel((2, 0)) == image.getpixel((4, 0)) == (0, 0, 255, 255)
    assert alpha(image, 5, 0) == 0


async def test_flatten_merges_the_pages_of_a_tiff(pixlab: AsyncPixLab) -> None:
    pages = [Image.new("RGB", (2, 2), "green")]
    source = written(Image.new("RGB", (4, 4), "red"), "TIFF", save_all=True, append_images=pages)
    image = opened((await pixlab.blob.flatten(source)).content)
    assert image.getpixel((0, 0)) == (0, 128, 0)
    assert image.getpixel((3, 3)) == (255, 0, 0)


@pytest.mark.parametrize(("export", "kind"), [("jpg", "JPEG"), ("BMP", "BMP"), ("gif", "GIF")])
async def test_flatten_writes_the_format_that_is_asked_for(
    pixlab: AsyncPixLab, export: str, kind: str
) -> None:
    assert opened((await pixlab.blob.flatten(GRID, export=export)).content).format == kind


async def test_flatten_puts_white_behind_where_a_format_needs_it(pixlab: AsyncPixLab) -> None:
    source = written(Image.new("RGBA", (8, 8)))
    image = opened((await pixlab.blob.flatten(source, export="jpeg")).content)
    assert image.getpixel((4, 4)) == (255, 255, 255)


async def test_flatten_into_an_unknown_format_is_refused(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="export"):
        await pixlab.blob.flatten(GRID, export="doc")


async def test_a_favicon_holds_three_sizes(pixlab: AsyncPixLab) -> None:
    result = await pixlab.blob.favicon(RED)
    image = opened(result.content)
    assert isinstance(image, IcoImagePlugin.IcoImageFile)
    assert image.ico.sizes() == {(128, 128), (64, 64), (32, 32)}


async def test_a_favicon_shows_the_whole_picture_in_the_middle(pixlab: AsyncPixLab) -> None:
    image = Image.open(io.BytesIO((await pixlab.blob.favicon(RED)).content)).convert("RGBA")
    assert image.size == (128, 128)
    assert image.getbbox() == (0, 32, 128, 96)
    assert image.getpixel((64, 64)) == (255, 0, 0, 255)
