"""Endpoints that change a picture's size."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from pixlab_async import AsyncPixLab, BadRequest, Media

from .images import camera, grid, opened, written

GRID = written(grid(12, 8))


async def test_resize_makes_the_size_that_is_asked_for(pixlab: AsyncPixLab) -> None:
    result = await pixlab.blob.resize(GRID, width=40, height=30)
    assert opened(result.content).size == (40, 30)


async def test_a_side_that_is_left_out_takes_the_others_value(pixlab: AsyncPixLab) -> None:
    assert opened((await pixlab.blob.resize(GRID, width=5)).content).size == (5, 5)
    assert opened((await pixlab.blob.resize(GRID, height=7)).content).size == (7, 7)


async def test_resized_colours_stay_where_they_were(pixlab: AsyncPixLab) -> None:
    image = Image.new("RGB", (8, 4), "red")
    image.paste("blue", (4, 0, 8, 4))

    large = opened((await pixlab.blob.resize(written(image), width=32, height=16)).content)

    assert large.getpixel((2, 8)) == (255, 0, 0)
    assert large.getpixel((29, 8)) == (0, 0, 255)


async def test_what_cannot_be_seen_does_not_colour_what_can(pixlab: AsyncPixLab) -> None:
    image = Image.new("RGBA", (8, 8), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 4, 8))

    small = opened((await pixlab.blob.resize(written(image), width=3, height=3)).content)

    middle = small.getpixel((1, 1))
    assert isinstance(middle, tuple)
    assert middle[:3] == (255, 0, 0)
    assert 0 < middle[3] < 255


async def test_a_resized_picture_is_stored(pixlab: AsyncPixLab, tmp_path: Path) -> None:
    media = await pixlab.resize(GRID, width=5)
    assert isinstance(media, Media)
    stored = await pixlab.download(media, tmp_path / "small.png")
    assert opened(stored.read_bytes()).size == (5, 5)


@pytest.mark.parametrize("kind", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
async def test_the_result_has_the_format_of_the_picture(pixlab: AsyncPixLab, kind: str) -> None:
    result = await pixlab.blob.resize(written(grid(), kind), width=5)
    assert opened(result.content).format == kind
    assert result.media_type == Image.MIME[kind]


async def test_what_would_be_far_too_large_is_refused(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="pixels"):
        await pixlab.blob.resize(GRID, width=1_000_000)


async def test_adaptiveresize_makes_the_size_that_is_asked_for(pixlab: AsyncPixLab) -> None:
    result = await pixlab.blob.adaptiveresize(GRID, width=7, height=9)
    assert opened(result.content).size == (7, 9)


async def test_bestfit_keeps_the_proportions_within_the_box(pixlab: AsyncPixLab) -> None:
    result = await pixlab.blob.adaptiveresize(GRID, width=9, height=9, bestfit=True)
    assert opened(result.content).size == (9, 6)


async def test_adaptiveresize_keeps_a_slanting_edge_sharp(pixlab: AsyncPixLab) -> None:
    image = Image.new("L", (2, 2), 255)
    image.putpixel((1, 0), 0)
    image.putpixel((0, 1), 0)

    large = opened((await pixlab.blob.adaptiveresize(written(image), width=3)).content)

    # Between two white corners and two black ones the mean would be grey.
    assert large.getpixel((1, 1)) == 255


async def test_smartresize_keeps_the_proportions(pixlab: AsyncPixLab) -> None:
    result = await pixlab.blob.smartresize(GRID, width=6, height=100)
    assert opened(result.content).size == (6, 4)


async def test_smartresize_lets_a_side_of_0_follow_the_other(pixlab: AsyncPixLab) -> None:
    result = await pixlab.blob.smartresize(GRID, width=0, height=16)
    assert opened(result.content).size == (24, 16)


async def test_smartresize_takes_a_side_that_is_left_out_for_the_others(
    pixlab: AsyncPixLab,
) -> None:
    result = await pixlab.blob.smartresize(GRID, height=6)
    assert opened(result.content).size == (6, 4)


async def test_smartresize_needs_a_side_above_0(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="1 or more"):
        await pixlab.blob.smartresize(GRID, width=0)


@pytest.mark.parametrize(
    ("percent", "size"), [(50, (6, 4)), (100, (12, 8)), (250, (30, 20)), (1, (1, 1))]
)
async def test_scale_is_a_percentage(
    pixlab: AsyncPixLab, percent: int, size: tuple[int, int]
) -> None:
    assert opened((await pixlab.blob.scale(GRID, percent)).content).size == size


async def test_magnify_doubles_both_sides(pixlab: AsyncPixLab) -> None:
    assert opened((await pixlab.blob.magnify(GRID)).content).size == (24, 16)


async def test_minify_halves_both_sides(pixlab: AsyncPixLab) -> None:
    assert opened((await pixlab.blob.minify(written(grid(7, 5)))).content).size == (3, 2)


async def test_thumbnail_makes_the_size_that_is_asked_for(pixlab: AsyncPixLab) -> None:
    assert opened((await pixlab.blob.thumbnail(GRID, 5, 3)).content).size == (5, 3)


async def test_thumbnail_drops_metadata(pixlab: AsyncPixLab) -> None:
    source = written(grid(), "JPEG", exif=camera(), icc_profile=b"profile", dpi=(99, 99))
    image = opened((await pixlab.blob.thumbnail(source, 3, 3)).content)
    assert not image.getexif()
    assert not {"exif", "icc_profile"} & image.info.keys()
    assert image.info.get("dpi") != (99, 99)


async def test_resize_keeps_metadata(pixlab: AsyncPixLab) -> None:
    source = written(grid(), "JPEG", exif=camera(), icc_profile=b"profile", dpi=(99, 99))
    image = opened((await pixlab.blob.resize(source, width=3)).content)
    assert image.getexif()[0x010F] == "A camera"
    assert image.info["icc_profile"] == b"profile"
    assert image.info["dpi"] == (99, 99)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("avatar", (100, 75)),
        ("emailfit", (320, 240)),
        ("webfit", (320, 240)),
        ("msgfit", (640, 480)),
    ],
)
async def test_thumbnails_for_a_purpose_have_a_fixed_size(
    pixlab: AsyncPixLab, name: str, size: tuple[int, int]
) -> None:
    result = await getattr(pixlab.blob, name)(GRID)
    assert opened(result.content).size == size


async def test_resample_takes_72_dots_per_inch_where_none_are_stated(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.resample(GRID, 144, 36, 16)).content)
    assert image.size == (24, 4)


async def test_resample_keeps_the_size_in_inches(pixlab: AsyncPixLab) -> None:
    source = written(grid(12, 8), "TIFF", dpi=(60, 60))
    image = opened((await pixlab.blob.resample(source, 30, 120, 16)).content)
    assert image.size == (6, 16)
    assert image.info["dpi"] == (30, 120)


async def test_resample_blurs(pixlab: AsyncPixLab) -> None:
    image = Image.new("L", (16, 16), 0)
    image.paste(255, (8, 0, 16, 16))

    blurred = opened((await pixlab.blob.resample(written(image), 72, 72, 16)).content)

    darkest, brightest = blurred.convert("L").getextrema()
    assert isinstance(darkest, int | float)
    assert isinstance(brightest, int | float)
    assert 40 < darkest < brightest < 215
