"""Endpoints that cut, turn and mirror."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from pixlab_async import AsyncPixLab, BadRequest

from .images import grid, opened, written

# In the grid a pixel's colour is where it was: (x * 10, y * 10, 200).
SOURCE = grid(6, 4)
GRID = written(SOURCE)


def at(x: int, y: int) -> tuple[int, int, int]:
    return (x * 10, y * 10, 200)


def corners(image: Image.Image) -> list[object]:
    """Top left, top right, bottom left, bottom right."""
    right, bottom = image.width - 1, image.height - 1
    return [image.getpixel(place) for place in ((0, 0), (right, 0), (0, bottom), (right, bottom))]


def same(first: Image.Image, second: Image.Image) -> bool:
    return first.size == second.size and first.tobytes() == second.tobytes()


async def test_crop_cuts_out_a_rectangle(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.crop(GRID, 2, 1, width=3, height=2)).content)
    assert same(image, SOURCE.crop((2, 1, 5, 3)))


async def test_crop_takes_a_side_that_is_left_out_for_the_others(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.crop(GRID, 1, 1, width=2)).content)
    assert same(image, SOURCE.crop((1, 1, 3, 3)))


async def test_crop_stops_at_the_pictures_edge(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.crop(GRID, -1, 2, width=3, height=50)).content)
    assert same(image, SOURCE.crop((0, 2, 2, 4)))


@pytest.mark.parametrize(("x", "y"), [(6, 0), (0, 4), (-3, 0), (0, -3)])
async def test_crop_outside_the_picture_is_refused(pixlab: AsyncPixLab, x: int, y: int) -> None:
    with pytest.raises(BadRequest, match="outside the picture"):
        await pixlab.blob.crop(GRID, x, y, width=3)


async def test_smartcrop_crops_the_same(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.smartcrop(GRID, 2, 1, width=3, height=2)).content)
    assert same(image, SOURCE.crop((2, 1, 5, 3)))


async def test_chop_removes_rows_and_columns_and_closes_the_gap(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.chop(GRID, 1, 1, width=3, height=2)).content)
    assert image.size == (3, 2)
    assert [image.getpixel((x, 0)) for x in range(3)] == [at(0, 0), at(4, 0), at(5, 0)]
    assert [image.getpixel((x, 1)) for x in range(3)] == [at(0, 3), at(4, 3), at(5, 3)]


async def test_chop_takes_a_side_that_is_left_out_for_the_others(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.chop(GRID, 0, 0, height=2)).content)
    assert same(image, SOURCE.crop((2, 2, 6, 4)))


async def test_chop_of_everything_is_refused(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="nothing of the picture is left"):
        await pixlab.blob.chop(GRID, 0, 0, width=6, height=1)


async def test_extent_sets_the_canvas_and_fills_what_is_outside(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.extent(GRID, 10, 7, -2, -1, color="#ff0000")).content)
    assert image.size == (10, 7)
    assert image.crop((2, 1, 8, 5)).tobytes() == SOURCE.tobytes()
    assert corners(image) == [(255, 0, 0)] * 4


async def test_extent_cuts_where_it_begins_within_the_picture(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.extent(GRID, 3, 2, 1, 2)).content)
    assert same(image, SOURCE.crop((1, 2, 4, 4)))


async def test_extent_fills_with_white_where_no_colour_is_given(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.extent(GRID, 8, 4, 0, 0)).content)
    assert image.getpixel((7, 0)) == (255, 255, 255)


async def test_an_unknown_colour_is_refused(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="color"):
        await pixlab.blob.extent(GRID, 8, 4, 0, 0, color="no such colour")


async def test_rotate_turns_clockwise(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.rotate(GRID, 90)).content)
    assert image.size == (4, 6)
    assert corners(image) == [at(0, 3), at(0, 0), at(5, 3), at(5, 0)]


@pytest.mark.parametrize(("degree", "back"), [(90, 270), (180, 180), (-90, 90), (360, 0)])
async def test_right_angles_turn_back_without_a_loss(
    pixlab: AsyncPixLab, degree: float, back: float
) -> None:
    turned = await pixlab.blob.rotate(GRID, degree)
    assert same(opened((await pixlab.blob.rotate(turned.content, back)).content), SOURCE)


async def test_a_slanting_picture_is_whole_and_its_corners_are_transparent(
    pixlab: AsyncPixLab,
) -> None:
    image = opened((await pixlab.blob.rotate(written(Image.new("RGB", (20, 20))), 45)).content)
    assert image.width == image.height >= 28
    assert [corner[3] for corner in corners(image) if isinstance(corner, tuple)] == [0] * 4
    assert image.getpixel((14, 14)) == (0, 0, 0, 255)


async def test_rotate_fills_the_corners_with_a_colour(pixlab: AsyncPixLab) -> None:
    source = written(Image.new("RGB", (20, 10)))
    image = opened((await pixlab.blob.rotate(source, 30, color="yellow")).content)
    assert image.mode == "RGB"
    assert corners(image) == [(255, 255, 0)] * 4


async def test_a_jpeg_with_transparent_corners_becomes_a_png(pixlab: AsyncPixLab) -> None:
    source = written(grid(20, 10), "JPEG")
    assert (await pixlab.blob.rotate(source, 30)).media_type == "image/png"
    assert (await pixlab.blob.rotate(source, 30, color="red")).media_type == "image/jpeg"


async def test_flip_mirrors_top_to_bottom(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.flip(GRID)).content)
    assert corners(image) == [at(0, 3), at(5, 3), at(0, 0), at(5, 0)]


async def test_flop_mirrors_left_to_right(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.flop(GRID)).content)
    assert corners(image) == [at(5, 0), at(0, 0), at(5, 3), at(0, 3)]


async def test_transpose_mirrors_along_the_diagonal_from_the_top_left(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.transpose(GRID)).content)
    assert image.size == (4, 6)
    assert corners(image) == [at(0, 0), at(0, 3), at(5, 0), at(5, 3)]


async def test_transpose_is_a_flip_and_a_quarter_turn(pixlab: AsyncPixLab) -> None:
    flipped = await pixlab.blob.flip(GRID)
    turned = await pixlab.blob.rotate(flipped.content, 90)
    transposed = await pixlab.blob.transpose(GRID)
    assert same(opened(turned.content), opened(transposed.content))


async def test_transverse_mirrors_along_the_diagonal_from_the_top_right(
    pixlab: AsyncPixLab,
) -> None:
    image = opened((await pixlab.blob.transverse(GRID)).content)
    assert image.size == (4, 6)
    assert corners(image) == [at(5, 3), at(5, 0), at(0, 3), at(0, 0)]


@pytest.mark.parametrize("name", ["flip", "flop", "transpose", "transverse"])
async def test_a_mirror_twice_is_the_picture_again(pixlab: AsyncPixLab, name: str) -> None:
    mirror = getattr(pixlab.blob, name)
    assert same(opened((await mirror((await mirror(GRID)).content)).content), SOURCE)


async def test_roll_wraps_round(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.roll(GRID, 2, -1)).content)
    assert same(image, ImageChops.offset(SOURCE, 2, -1))
    assert image.getpixel((0, 0)) == at(4, 1)


async def test_roll_by_whole_pictures_changes_nothing(pixlab: AsyncPixLab) -> None:
    assert same(opened((await pixlab.blob.roll(GRID, 12, -40)).content), SOURCE)
