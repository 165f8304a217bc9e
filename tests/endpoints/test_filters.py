"""Endpoints that blur, and artistic effects."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixlab_async import AsyncPixLab, BadRequest, Blob, Channel

from .images import opened, written

Kind: TypeAlias = Literal[1, 2, 3, 4, 5, 6, 7]

RANDOM = np.random.default_rng(7)
NOISE = RANDOM.integers(0, 256, (10, 12, 3)).astype(np.uint8)
GREY = np.full((10, 12, 3), 128, np.uint8)
STRIPES = np.zeros((9, 9, 3), np.uint8)
STRIPES[::2] = 255
DOT = np.zeros((21, 21, 3), np.uint8)
DOT[10, 10] = 255
DISC = np.zeros((21, 21, 3), np.uint8)
DISC[5:16, 5:16] = 255


def png(values: NDArray[np.uint8]) -> bytes:
    return written(Image.fromarray(np.ascontiguousarray(values)))


def values(blob: Blob) -> NDArray[np.int64]:
    return np.asarray(opened(blob.content)).astype(np.int64)


async def test_a_blur_levels_differences(pixlab: AsyncPixLab) -> None:
    blurred = values(await pixlab.blob.blur(png(NOISE), 0, 1))
    assert blurred.var() < NOISE.var() / 4


async def test_a_blur_keeps_the_mean(pixlab: AsyncPixLab) -> None:
    blurred = values(await pixlab.blob.blur(png(DISC), 0, 1))
    assert blurred.mean() == pytest.approx(DISC.mean(), abs=0.5)


async def test_a_blur_leaves_what_is_flat(pixlab: AsyncPixLab) -> None:
    assert (values(await pixlab.blob.blur(png(GREY), 0, 3)) == GREY).all()


async def test_a_larger_sigma_blurs_more(pixlab: AsyncPixLab) -> None:
    variances = [
        values(await pixlab.blob.blur(png(NOISE), 0, sigma)).var() for sigma in (0, 0.5, 1, 2)
    ]
    assert variances == sorted(variances, reverse=True)


async def test_a_sigma_of_zero_blurs_nothing(pixlab: AsyncPixLab) -> None:
    assert (values(await pixlab.blob.blur(png(NOISE), 5, 0)) == NOISE).all()


async def test_a_radius_is_as_far_as_a_blur_reaches(pixlab: AsyncPixLab) -> None:
    lit = values(await pixlab.blob.blur(png(DOT), 2, 50))[..., 0] > 0
    rows, columns = np.nonzero(lit)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 12, 8, 12)


async def test_a_gaussian_blur_has_the_weights_of_its_bell(pixlab: AsyncPixLab) -> None:
    row = values(await pixlab.blob.gaussianblur(png(DISC[10:11]), 0, 2))[0, :, 0]
    away = np.subtract.outer(np.arange(21), np.arange(21))
    bells = np.exp(-(away**2) / 8)
    assert np.abs(row - bells @ DISC[10, :, 0] / bells[10].sum()).max() <= 1


async def test_a_blur_touches_only_the_named_channels(pixlab: AsyncPixLab) -> None:
    channel = Channel.RED | Channel.BLUE
    blurred = values(await pixlab.blob.blur(png(NOISE), 0, 2, channel=channel))
    changed = [(blurred[..., index] != NOISE[..., index]).any() for index in range(3)]
    assert changed == [True, False, True]


async def test_a_blur_keeps_the_alpha(pixlab: AsyncPixLab) -> None:
    source = RANDOM.integers(0, 256, (6, 6, 4)).astype(np.uint8)
    blurred = values(await pixlab.blob.blur(png(source), 0, 2))
    assert (blurred[..., 3] == source[..., 3]).all()
    assert (blurred[..., :3] != source[..., :3]).any()


async def test_alpha_is_blurred_where_it_is_named(pixlab: AsyncPixLab) -> None:
    source = RANDOM.integers(0, 256, (6, 6, 4)).astype(np.uint8)
    blurred = values(await pixlab.blob.blur(png(source), 0, 2, channel=Channel.ALPHA))
    assert (blurred[..., 3] != source[..., 3]).any()
    assert (blurred[..., :3] == source[..., :3]).all()


@pytest.mark.parametrize("mode", ["L", "LA"])
async def test_a_grey_picture_stays_one(pixlab: AsyncPixLab, mode: str) -> None:
    source = written(Image.fromarray(NOISE).convert(mode))
    assert opened((await pixlab.blob.blur(source, 0, 2)).content).mode == mode


async def test_the_emulator_refuses_a_radius_below_zero(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="'radius'"):
        await pixlab.call("blur", {"radius": -1, "sigma": 1}, source=png(NOISE))


async def test_a_motion_to_the_side_keeps_level_stripes(pixlab: AsyncPixLab) -> None:
    assert (values(await pixlab.blob.motionblur(png(STRIPES), 0, 2, 0)) == STRIPES).all()


async def test_a_motion_to_the_side_mixes_upright_stripes(pixlab: AsyncPixLab) -> None:
    source = np.swapaxes(STRIPES, 0, 1)
    moved = values(await pixlab.blob.motionblur(png(source), 0, 2, 0))
    assert moved.var() < source.var() / 4


async def test_a_motion_down_mixes_level_stripes(pixlab: AsyncPixLab) -> None:
    moved = values(await pixlab.blob.motionblur(png(STRIPES), 0, 2, 90))
    assert moved.var() < STRIPES.var() / 4


async def test_a_motion_smears_to_one_side_only(pixlab: AsyncPixLab) -> None:
    row = values(await pixlab.blob.motionblur(png(DOT), 2, 2, 0))[10, :, 0]
    assert list(np.flatnonzero(row)) == [6, 7, 8, 9, 10]
    assert list(row[6:11]) == sorted(row[6:11])


async def test_a_motion_touches_only_the_named_channel(pixlab: AsyncPixLab) -> None:
    moved = values(await pixlab.blob.motionblur(png(NOISE), 0, 2, 45, channel=Channel.GREEN))
    assert (moved[..., 0] == NOISE[..., 0]).all()
    assert (moved[..., 1] != NOISE[..., 1]).any()


async def test_a_turn_by_nothing_blurs_nothing(pixlab: AsyncPixLab) -> None:
    assert (values(await pixlab.blob.radialblur(png(NOISE), 0)) == NOISE).all()


async def test_a_turn_smears_a_dot_over_its_circle(pixlab: AsyncPixLab) -> None:
    source = np.zeros((21, 21, 3), np.uint8)
    source[9:12, 15:18] = 255
    turned = values(await pixlab.blob.radialblur(png(source), 180))[..., 0]
    assert turned[4, 10] > 0
    assert turned[16, 10] > 0
    assert turned[10, 10] == 0


async def test_a_turn_leaves_what_is_round(pixlab: AsyncPixLab) -> None:
    down, across = np.mgrid[-10:11, -10:11]
    rings = (np.minimum(np.hypot(down, across), 10) * 15).astype(np.uint8)
    turned = values(await pixlab.blob.radialblur(written(Image.fromarray(rings)), 90))
    assert np.abs(turned - rings).max() <= 2


async def test_a_turn_touches_only_the_named_channel(pixlab: AsyncPixLab) -> None:
    turned = values(await pixlab.blob.radialblur(png(NOISE), 90, channel=Channel.BLUE))
    assert (turned[..., :2] == NOISE[..., :2]).all()
    assert (turned[..., 2] != NOISE[..., 2]).any()


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5, 6, 7])
async def test_every_noise_disturbs_what_is_flat(pixlab: AsyncPixLab, kind: Kind) -> None:
    noisy = values(await pixlab.blob.noise(png(GREY), kind))
    assert noisy.shape == GREY.shape
    assert noisy.var() > 0


async def test_uniform_noise_is_slight(pixlab: AsyncPixLab) -> None:
    assert np.abs(values(await pixlab.blob.noise(png(GREY), 1)) - 128).max() <= 2


async def test_impulse_noise_makes_few_pixels_black_or_white(pixlab: AsyncPixLab) -> None:
    source = np.full((40, 40, 3), 128, np.uint8)
    noisy = values(await pixlab.blob.noise(png(source), 4))
    assert set(np.unique(noisy)) == {0, 128, 255}
    assert (noisy == 128).mean() == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize("kind", [3, 6])
async def test_noise_that_multiplies_or_counts_leaves_black(
    pixlab: AsyncPixLab, kind: Kind
) -> None:
    assert not values(await pixlab.blob.noise(png(GREY * 0), kind)).any()


async def test_random_noise_leaves_nothing_of_the_picture(pixlab: AsyncPixLab) -> None:
    noisy = values(await pixlab.blob.noise(png(np.zeros((40, 40, 3), np.uint8)), 7))
    assert noisy.mean() == pytest.approx(127.5, abs=5)


async def test_noise_touches_only_the_named_channel(pixlab: AsyncPixLab) -> None:
    noisy = values(await pixlab.blob.noise(png(GREY), 7, channel=Channel.RED))
    assert (noisy[..., 0] != 128).any()
    assert (noisy[..., 1:] == 128).all()


async def test_charcoal_of_what_is_flat_is_white_paper(pixlab: AsyncPixLab) -> None:
    assert (values(await pixlab.blob.charcoal(png(GREY), 1, 1)) == 255).all()


async def test_charcoal_draws_edges_dark(pixlab: AsyncPixLab) -> None:
    drawn = values(await pixlab.blob.charcoal(png(DISC), 1, 0.5))
    assert drawn[5, 10] < 100
    assert drawn[10, 10] == drawn[0, 0] == 255


async def test_a_charcoal_drawing_has_no_colours(pixlab: AsyncPixLab) -> None:
    assert opened((await pixlab.blob.charcoal(png(NOISE), 0, 1)).content).mode == "L"


async def test_a_sketch_hatches_what_is_flat(pixlab: AsyncPixLab) -> None:
    assert values(await pixlab.blob.sketch(png(GREY), 4, 45)).var() > 0


async def test_a_sketch_leaves_white_paper_and_lightens_the_rest(pixlab: AsyncPixLab) -> None:
    drawn = values(await pixlab.blob.sketch(png(DISC), 4, 45, radius=2))
    assert (drawn[DISC == 255] == 255).all()
    assert (values(await pixlab.blob.sketch(png(NOISE), 4, 45)) >= NOISE).all()


async def test_a_sketch_is_the_same_each_time(pixlab: AsyncPixLab) -> None:
    first = await pixlab.blob.sketch(png(GREY), 4, 45)
    second = await pixlab.blob.sketch(png(GREY), 4, 45)
    assert first.content == second.content


async def test_oil_paints_over_a_lone_pixel(pixlab: AsyncPixLab) -> None:
    assert not values(await pixlab.blob.oilpaint(png(DOT), 1)).any()


async def test_oil_keeps_an_even_border_between_colours(pixlab: AsyncPixLab) -> None:
    source = np.zeros((8, 8, 3), np.uint8)
    source[:, 4:] = (200, 40, 80)
    assert (values(await pixlab.blob.oilpaint(png(source), 2)) == source).all()


async def test_an_implosion_of_nothing_changes_nothing(pixlab: AsyncPixLab) -> None:
    assert (values(await pixlab.blob.implode(png(NOISE), 0)) == NOISE).all()


async def test_an_implosion_shrinks_what_is_in_the_middle(pixlab: AsyncPixLab) -> None:
    shrunk = values(await pixlab.blob.implode(png(DISC), 0.5))
    assert shrunk.sum() < DISC.sum() * 0.8
    assert shrunk[10, 10, 0] == 255


async def test_an_implosion_leaves_the_corners(pixlab: AsyncPixLab) -> None:
    shrunk = values(await pixlab.blob.implode(png(NOISE), 0.8))
    assert (shrunk[0, 0] == NOISE[0, 0]).all()


async def test_a_flat_picture_is_as_bright_as_the_light_is_high(pixlab: AsyncPixLab) -> None:
    assert (values(await pixlab.blob.shade(png(GREY), True, 0, 30)) == 128).all()
    assert (values(await pixlab.blob.shade(png(GREY), False, 0, 30)) == 64).all()


async def test_a_slope_towards_the_light_is_brighter(pixlab: AsyncPixLab) -> None:
    hill = np.repeat(np.array([0, 0, 0, 90, 180, 180, 90, 0, 0, 0], np.uint8)[None, :, None], 6, 0)
    row = values(await pixlab.blob.shade(png(hill.repeat(3, 2)), True, 0, 30))[3]
    assert row[7] > row[0] > row[3]


async def test_the_azimuth_turns_the_light_against_the_clock(pixlab: AsyncPixLab) -> None:
    lit = values(await pixlab.blob.shade(png(NOISE), True, 20, 30))
    turned = values(await pixlab.blob.shade(png(np.rot90(NOISE)), True, 110, 30))
    assert np.abs(turned - np.rot90(lit)).max() <= 1
