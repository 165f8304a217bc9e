"""Endpoints that cut down tones and colours, and take channels out."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixlab_async import AsyncPixLab, BadRequest, Blob, Channel

from .images import opened, written

RANDOM = np.random.default_rng(5)
NOISE = RANDOM.integers(0, 256, (12, 16, 3)).astype(np.uint8)
WITH_ALPHA = RANDOM.integers(0, 256, (6, 8, 4)).astype(np.uint8)
# Grey from 0 to 255.
RAMP = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
GREY = np.full((24, 24, 3), 120, np.uint8)


def png(values: NDArray[np.uint8]) -> bytes:
    return written(Image.fromarray(values))


def values(blob: Blob) -> NDArray[np.int64]:
    return np.asarray(opened(blob.content)).astype(np.int64)


def colours(blob: Blob) -> int:
    return len(opened(blob.content).convert("RGB").getcolors(1000) or ())


async def test_a_threshold_leaves_black_and_white(pixlab: AsyncPixLab) -> None:
    assert set(np.unique(values(await pixlab.blob.threshold(png(NOISE), 100)))) == {0, 255}


async def test_what_is_lighter_than_the_threshold_is_white(pixlab: AsyncPixLab) -> None:
    parted = values(await pixlab.blob.threshold(png(RAMP), 100)).reshape(256)
    assert not parted[:101].any()
    assert (parted[101:] == 255).all()


async def test_a_threshold_keeps_the_alpha(pixlab: AsyncPixLab) -> None:
    parted = values(await pixlab.blob.threshold(png(WITH_ALPHA), 100))
    assert (parted[..., -1] == WITH_ALPHA[..., 3]).all()


async def test_what_is_darker_than_the_colour_is_black(pixlab: AsyncPixLab) -> None:
    cut = values(await pixlab.blob.blackthreshold(png(RAMP), "#646464"))[..., 0].ravel()
    assert not cut[:100].any()
    assert (cut[100:] == np.arange(100, 256)).all()


async def test_each_channel_is_compared_with_the_colours_own(pixlab: AsyncPixLab) -> None:
    cut = values(await pixlab.blob.blackthreshold(png(NOISE), "red"))
    assert (cut[..., 0] == np.where(NOISE[..., 0] == 255, 255, 0)).all()
    assert (cut[..., 1:] == NOISE[..., 1:]).all()


async def test_a_lighter_colour_darkens_more(pixlab: AsyncPixLab) -> None:
    sums = [
        values(await pixlab.blob.blackthreshold(png(NOISE), color)).sum()
        for color in ("black", "#404040", "gray", "white")
    ]
    assert sums == sorted(sums, reverse=True)
    assert sums[0] == NOISE.astype(int).sum()


async def test_an_unknown_colour_is_refused(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="colo"):
        await pixlab.blob.blackthreshold(png(NOISE), "no colour")


async def test_random_thresholds_lie_between_low_and_high(pixlab: AsyncPixLab) -> None:
    parted = values(await pixlab.blob.randomthreshold(png(RAMP), 80, 160)).reshape(256)
    assert not parted[:81].any()
    assert (parted[161:] == 255).all()
    assert set(parted[81:161].tolist()) == {0, 255}


async def test_a_random_threshold_decides_a_named_channel_alone(pixlab: AsyncPixLab) -> None:
    parted = values(await pixlab.blob.randomthreshold(png(NOISE), 100, 100, channel=Channel.GREEN))
    assert (parted[..., 1] == np.where(NOISE[..., 1] > 100, 255, 0)).all()
    assert (parted[..., ::2] == NOISE[..., ::2]).all()


async def test_low_above_high_is_refused(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="'low'"):
        await pixlab.blob.randomthreshold(png(NOISE), 200, 100)


@pytest.mark.parametrize("level", [2, 3, 6])
@pytest.mark.parametrize("dither", [False, True])
async def test_posterizing_leaves_so_many_levels(
    pixlab: AsyncPixLab, level: int, dither: bool
) -> None:
    stepped = values(await pixlab.blob.posterize(png(NOISE), level, dither))
    evenly = np.rint(np.arange(level) * 255 / (level - 1))
    assert set(np.unique(stepped)) == set(evenly)


async def test_posterizing_takes_the_nearest_level(pixlab: AsyncPixLab) -> None:
    stepped = values(await pixlab.blob.posterize(png(NOISE), 4, False))
    assert np.abs(stepped - NOISE).max() <= 255 / 6


async def test_dithered_levels_keep_the_mean(pixlab: AsyncPixLab) -> None:
    assert values(await pixlab.blob.posterize(png(GREY), 2, True)).mean() == pytest.approx(
        120, abs=4
    )


@pytest.mark.parametrize("dither", [False, True])
async def test_all_levels_change_nothing(pixlab: AsyncPixLab, dither: bool) -> None:
    assert (values(await pixlab.blob.posterize(png(NOISE), 256, dither)) == NOISE).all()


async def test_one_level_is_black(pixlab: AsyncPixLab) -> None:
    assert not values(await pixlab.blob.posterize(png(NOISE), 1, False)).any()


@pytest.mark.parametrize(
    "name", ["o2x2", "o3x3", "o4x4", "o8x8", "h4x4a", "h6x6o", "h16x16o", "c5x5b", "c7x7w"]
)
async def test_an_ordered_map_keeps_about_the_mean(pixlab: AsyncPixLab, name: str) -> None:
    ordered = values(await pixlab.blob.orderedposterize(png(GREY), name))
    assert set(np.unique(ordered)) == {0, 255}
    assert ordered.mean() == pytest.approx(120, abs=20)


async def test_the_smallest_map_has_one_threshold(pixlab: AsyncPixLab) -> None:
    ordered = values(await pixlab.blob.orderedposterize(png(RAMP), "threshold"))[..., 0].ravel()
    assert (ordered == np.where(np.arange(256) >= 128, 255, 0)).all()


async def test_checks_part_the_ramp_in_three(pixlab: AsyncPixLab) -> None:
    checks = values(await pixlab.blob.orderedposterize(png(GREY), "checks"))[:2, :2, 0]
    assert checks.tolist() == [[255, 0], [0, 255]]


async def test_a_map_repeats_as_tiles(pixlab: AsyncPixLab) -> None:
    ordered = values(await pixlab.blob.orderedposterize(png(GREY), "o4x4"))
    assert (ordered[4:] == ordered[:-4]).all()
    assert (ordered[:, 4:] == ordered[:, :-4]).all()


async def test_levels_may_follow_the_maps_name(pixlab: AsyncPixLab) -> None:
    ordered = values(await pixlab.blob.orderedposterize(png(RAMP), "o2x2,4,3"))
    assert [len(np.unique(ordered[..., index])) for index in range(3)] == [4, 3, 3]


async def test_a_map_touches_only_the_named_channel(pixlab: AsyncPixLab) -> None:
    ordered = values(await pixlab.blob.orderedposterize(png(NOISE), "o2x2", channel=Channel.RED))
    assert set(np.unique(ordered[..., 0])) == {0, 255}
    assert (ordered[..., 1:] == NOISE[..., 1:]).all()


@pytest.mark.parametrize("name", ["no map", "o5x5", "o2x2,1", "o2x2,many", "o2x2,2,2,2,2,2"])
async def test_an_unknown_map_is_refused(pixlab: AsyncPixLab, name: str) -> None:
    with pytest.raises(BadRequest, match="map"):
        await pixlab.blob.orderedposterize(png(NOISE), name)


@pytest.mark.parametrize("dither", [None, False, True])
@pytest.mark.parametrize("count", [1, 2, 7, 64])
async def test_quantizing_leaves_at_most_so_many_colours(
    pixlab: AsyncPixLab, count: int, dither: bool | None
) -> None:
    quantized = await pixlab.blob.quantize(png(NOISE), count, 1, 8, dither=dither)
    assert count // 2 <= colours(quantized) <= count


async def test_quantizing_leaves_few_colours_as_they_are(pixlab: AsyncPixLab) -> None:
    source = np.zeros((4, 4, 3), np.uint8)
    source[:2] = (200, 10, 30)
    source[:, 3] = (20, 70, 255)
    assert (values(await pixlab.blob.quantize(png(source), 8, 1, 8)) == source).all()


async def test_more_colours_are_nearer_to_the_picture(pixlab: AsyncPixLab) -> None:
    losses = [
        np.abs(values(await pixlab.blob.quantize(png(NOISE), count, 1, 8)) - NOISE).sum()
        for count in (2, 8, 32, 128)
    ]
    assert losses == sorted(losses, reverse=True)


async def test_quantizing_in_a_grey_space_leaves_greys(pixlab: AsyncPixLab) -> None:
    quantized = values(await pixlab.blob.quantize(png(NOISE), 8, 2, 8))
    assert (quantized == quantized[..., :1]).all()


async def test_a_shallow_tree_leaves_fewer_colours(pixlab: AsyncPixLab) -> None:
    assert colours(await pixlab.blob.quantize(png(NOISE), 256, 1, 1)) == 8


async def test_quantizing_keeps_the_alpha(pixlab: AsyncPixLab) -> None:
    quantized = values(await pixlab.blob.quantize(png(WITH_ALPHA), 4, 1, 8))
    assert (quantized[..., 3] == WITH_ALPHA[..., 3]).all()


@pytest.mark.parametrize("dither", [1, 2, 3])
async def test_remapped_colours_are_web_safe(pixlab: AsyncPixLab, dither: Literal[1, 2, 3]) -> None:
    assert not (values(await pixlab.blob.remap(png(NOISE), dither)) % 51).any()


async def test_remapping_without_dither_takes_the_nearest(pixlab: AsyncPixLab) -> None:
    assert np.abs(values(await pixlab.blob.remap(png(NOISE), 1)) - NOISE).max() <= 25


async def test_a_dithered_remap_keeps_the_mean(pixlab: AsyncPixLab) -> None:
    plain = values(await pixlab.blob.remap(png(GREY), 1))
    dithered = values(await pixlab.blob.remap(png(GREY), 3))
    assert plain.mean() == 102
    assert dithered.mean() == pytest.approx(120, abs=3)


async def test_segments_are_areas_of_like_colour(pixlab: AsyncPixLab) -> None:
    source = np.full((20, 20, 3), 60, np.uint8)
    source[:, 10:] = 190
    blurry = (source + RANDOM.integers(-4, 5, (20, 20, 1))).astype(np.uint8)
    parted = values(await pixlab.blob.segment(png(blurry), 1, 1, 4))
    assert len(np.unique(parted)) == 2
    assert np.abs(parted - source).max() <= 2


async def test_a_small_group_joins_the_nearest(pixlab: AsyncPixLab) -> None:
    source = np.full((10, 10, 3), 60, np.uint8)
    source[:, 5:] = 190
    source[0, 0] = 240
    parted = values(await pixlab.blob.segment(png(source), 5, 1, 2))
    assert set(np.unique(parted)) == {60, 190}
    assert (parted[0, 0] == 190).all()


async def test_without_a_threshold_small_groups_stay(pixlab: AsyncPixLab) -> None:
    source = np.full((10, 10, 3), 60, np.uint8)
    source[0, 0] = 240
    assert (values(await pixlab.blob.segment(png(source), 0, 1, 2)) == source).all()


async def test_more_smoothing_makes_fewer_segments(pixlab: AsyncPixLab) -> None:
    counts = [colours(await pixlab.blob.segment(png(NOISE), 0, 1, st)) for st in (1, 5, 20, 255)]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 1


async def test_segments_in_a_grey_space_are_grey(pixlab: AsyncPixLab) -> None:
    parted = values(await pixlab.blob.segment(png(NOISE), 1, 2, 3))
    assert (parted == parted[..., :1]).all()


@pytest.mark.parametrize(
    ("channel", "band"), [(None, 0), (1, 0), (2, 1), (4, 2), (8, 3), (6, 1), (Channel.ALL, 0)]
)
async def test_separating_takes_the_first_named_channel(
    pixlab: AsyncPixLab, channel: int | None, band: int
) -> None:
    image = opened((await pixlab.blob.separate(png(WITH_ALPHA), channel=channel)).content)
    assert image.mode == "L"
    assert (np.asarray(image) == WITH_ALPHA[..., band]).all()


async def test_the_alpha_of_an_opaque_picture_is_white(pixlab: AsyncPixLab) -> None:
    separated = await pixlab.blob.separate(png(NOISE), channel=Channel.ALPHA)
    assert (values(separated) == 255).all()


@pytest.mark.parametrize(("channel", "plate"), [(1, 0), (2, 1), (4, 2), (32, 3)])
async def test_inks_are_separated_as_they_are(
    pixlab: AsyncPixLab, channel: int, plate: int
) -> None:
    ink = Image.frombytes("CMYK", (8, 6), WITH_ALPHA.tobytes())
    separated = await pixlab.blob.separate(written(ink, "TIFF"), channel=channel)
    assert (values(separated) == WITH_ALPHA[..., plate]).all()


async def test_a_channel_that_is_not_there_is_refused(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="'channel'"):
        await pixlab.blob.separate(png(NOISE), channel=Channel.BLACK)
