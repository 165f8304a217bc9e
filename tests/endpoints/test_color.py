"""Endpoints of colours and colour models."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pixlab_async import AsyncPixLab, BadRequest, Blob, Channel

from .images import opened, written

RANDOM = np.random.default_rng(11)
NOISE = RANDOM.integers(0, 256, (6, 8, 3)).astype(np.uint8)
WITH_ALPHA = RANDOM.integers(0, 256, (6, 8, 4)).astype(np.uint8)
# Black, grey, white, red, green, blue.
SIX = np.array(
    [[(0, 0, 0), (128, 128, 128), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)]], np.uint8
)
RAMP = np.arange(50, 150, dtype=np.uint8).repeat(3).reshape(10, 10, 3)
PLAIN_CALLS = [
    "grayscale",
    "colorspace_gray",
    "colorspace_hsl",
    "colorspace_rgb",
    "colorspace_srgb",
    "colorspace_transparent",
    "haldclut",
    "normalize",
]


def png(values: NDArray[np.uint8]) -> bytes:
    return written(Image.fromarray(values))


def values(blob: Blob) -> NDArray[np.int64]:
    return np.asarray(opened(blob.content)).astype(np.int64)


@pytest.mark.parametrize("name", PLAIN_CALLS)
async def test_the_alpha_is_kept(pixlab: AsyncPixLab, name: str) -> None:
    computed: Blob = await getattr(pixlab.blob, name)(png(WITH_ALPHA))
    assert (values(computed)[..., -1] == WITH_ALPHA[..., 3]).all()


async def test_gray_is_weighed_by_how_light_colours_look(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.grayscale(png(SIX))).content)
    assert image.mode == "L"
    assert np.asarray(image)[0].tolist() == [0, 128, 255, 54, 182, 18]


async def test_the_gray_model_is_grayscale(pixlab: AsyncPixLab) -> None:
    gray = await pixlab.blob.colorspace_gray(png(NOISE))
    assert gray.content == (await pixlab.blob.grayscale(png(NOISE))).content


async def test_the_kind_of_file_is_kept(pixlab: AsyncPixLab) -> None:
    source = written(Image.fromarray(NOISE), "JPEG")
    assert (await pixlab.blob.grayscale(source)).media_type == "image/jpeg"


async def test_a_gamma_of_one_changes_nothing(pixlab: AsyncPixLab) -> None:
    assert (values(await pixlab.blob.gamma(png(NOISE), 1)) == NOISE).all()


async def test_a_gamma_of_two_takes_the_square_root(pixlab: AsyncPixLab) -> None:
    roots = np.sqrt(NOISE / 255) * 255
    assert np.abs(values(await pixlab.blob.gamma(png(NOISE), 2)) - roots).max() <= 0.51


async def test_a_gamma_of_zero_leaves_black(pixlab: AsyncPixLab) -> None:
    assert not values(await pixlab.blob.gamma(png(NOISE), 0)).any()


async def test_gamma_touches_only_the_named_channel(pixlab: AsyncPixLab) -> None:
    corrected = values(await pixlab.blob.gamma(png(NOISE), 2, channel=Channel.GREEN))
    assert (corrected[..., ::2] == NOISE[..., ::2]).all()
    assert (corrected[..., 1] != NOISE[..., 1]).any()


async def test_a_hundred_per_cent_of_all_change_nothing(pixlab: AsyncPixLab) -> None:
    assert (values(await pixlab.blob.modulate(png(NOISE), 100, 100, 100)) == NOISE).all()


async def test_no_brightness_is_black(pixlab: AsyncPixLab) -> None:
    assert not values(await pixlab.blob.modulate(png(NOISE), 0, 100, 100)).any()


async def test_no_saturation_is_gray(pixlab: AsyncPixLab) -> None:
    modulated = values(await pixlab.blob.modulate(png(NOISE), 100, 0, 100))
    assert (modulated == modulated[..., :1]).all()


@pytest.mark.parametrize("hue", [0, 200])
async def test_half_a_turn_of_the_hue_is_the_opposite_colour(
    pixlab: AsyncPixLab, hue: float
) -> None:
    turned = values(await pixlab.blob.modulate(png(SIX), 100, 100, hue))
    assert turned[0, 3:].tolist() == [[0, 255, 255], [255, 0, 255], [255, 255, 0]]
    assert (turned[0, :3] == SIX[0, :3]).all()


async def test_a_third_of_a_turn_makes_red_green(pixlab: AsyncPixLab) -> None:
    turned = values(await pixlab.blob.modulate(png(SIX), 100, 100, 100 + 200 / 3))
    assert turned[0, 3].tolist() == [0, 255, 0]


async def test_negating_twice_changes_nothing(pixlab: AsyncPixLab) -> None:
    negative = await pixlab.blob.negate(png(NOISE), False)
    assert (values(negative) == 255 - NOISE.astype(int)).all()
    assert (values(await pixlab.blob.negate(negative.content, False)) == NOISE).all()


async def test_negating_grays_leaves_colours_alone(pixlab: AsyncPixLab) -> None:
    negative = values(await pixlab.blob.negate(png(SIX), True))
    assert negative[0, :3, 0].tolist() == [255, 127, 0]
    assert (negative[0, 3:] == SIX[0, 3:]).all()


async def test_negating_touches_only_the_named_channels(pixlab: AsyncPixLab) -> None:
    channel = Channel.RED | Channel.GREEN
    negative = values(await pixlab.blob.negate(png(NOISE), False, channel=channel))
    assert (negative[..., :2] == 255 - NOISE[..., :2].astype(int)).all()
    assert (negative[..., 2] == NOISE[..., 2]).all()


@pytest.mark.parametrize("channel", [None, Channel.ALL])
async def test_all_channels_are_those_of_colour(
    pixlab: AsyncPixLab, channel: Channel | None
) -> None:
    negative = values(await pixlab.blob.negate(png(WITH_ALPHA), False, channel=channel))
    assert (negative[..., :3] == 255 - WITH_ALPHA[..., :3].astype(int)).all()
    assert (negative[..., 3] == WITH_ALPHA[..., 3]).all()


async def test_normalizing_spreads_from_black_to_white(pixlab: AsyncPixLab) -> None:
    spread = values(await pixlab.blob.normalize(png(RAMP)))
    assert (spread.min(), spread.max()) == (0, 255)
    assert (np.diff(spread[..., 0].ravel()) > 0).all()


async def test_normalizing_together_keeps_the_cast(pixlab: AsyncPixLab) -> None:
    source = RAMP // np.array([1, 1, 2], np.uint8)
    spread = values(await pixlab.blob.normalize(png(source)))
    assert spread[..., 2].max() < spread[..., 0].max() == 255


async def test_a_channel_is_normalized_by_itself(pixlab: AsyncPixLab) -> None:
    source = RAMP // np.array([1, 1, 2], np.uint8)
    spread = values(await pixlab.blob.normalize(png(source), channel=Channel.BLUE))
    assert (spread[..., 2].min(), spread[..., 2].max()) == (0, 255)
    assert (spread[..., :2] == source[..., :2]).all()


async def test_what_is_flat_is_not_normalized(pixlab: AsyncPixLab) -> None:
    flat = np.full_like(RAMP, 90)
    assert (values(await pixlab.blob.normalize(png(flat))) == flat).all()


async def test_a_stretch_of_no_pixels_changes_nothing(pixlab: AsyncPixLab) -> None:
    assert (values(await pixlab.blob.linearstretch(png(RAMP), 0, 0)) == RAMP).all()


async def test_a_stretch_makes_so_many_pixels_black_and_white(pixlab: AsyncPixLab) -> None:
    stretched = values(await pixlab.blob.linearstretch(png(RAMP), 10, 20))[..., 0]
    assert ((stretched == 0).sum(), (stretched == 255).sum()) == (10, 20)


async def test_a_stretch_by_more_pixels_than_there_are_is_refused(pixlab: AsyncPixLab) -> None:
    with pytest.raises(BadRequest, match="more pixels"):
        await pixlab.blob.linearstretch(png(RAMP), 60, 60)


async def test_sepia_is_brown_and_keeps_the_order_of_light(pixlab: AsyncPixLab) -> None:
    toned = values(await pixlab.blob.sepia(png(RAMP), 204)).reshape(-1, 3)
    assert (np.diff(toned, axis=1) <= 0).all()
    assert (toned[40:60, 0] > toned[40:60, 2]).all()
    assert (np.diff(toned.sum(axis=1)) >= 0).all()


async def test_a_threshold_of_zero_tones_nothing(pixlab: AsyncPixLab) -> None:
    toned = values(await pixlab.blob.sepia(png(RAMP), 0))[..., :2]
    assert (toned == 255).all()


async def test_the_table_warms_gray_and_keeps_black(pixlab: AsyncPixLab) -> None:
    replaced = values(await pixlab.blob.haldclut(png(SIX)))
    assert replaced[0, 0].tolist() == [0, 0, 0]
    assert replaced[0, 1, 0] > replaced[0, 1, 1] > replaced[0, 1, 2]


async def test_the_table_touches_only_the_named_channel(pixlab: AsyncPixLab) -> None:
    replaced = values(await pixlab.blob.haldclut(png(NOISE), channel=Channel.BLUE))
    assert (replaced[..., :2] == NOISE[..., :2]).all()
    assert (replaced[..., 2] != NOISE[..., 2]).any()


async def test_cmyk_is_stored_as_ink(pixlab: AsyncPixLab) -> None:
    source = written(Image.new("RGB", (8, 8), (255, 0, 0)), "JPEG")
    image = opened((await pixlab.blob.colorspace_cmyk(source)).content)
    assert image.mode == "CMYK"
    assert np.abs(np.asarray(image).astype(int) - (0, 255, 255, 0)).max() <= 3


async def test_a_png_in_ink_becomes_a_jpeg(pixlab: AsyncPixLab) -> None:
    result = await pixlab.blob.colorspace_cmyk(png(NOISE))
    assert (result.media_type, opened(result.content).mode) == ("image/jpeg", "CMYK")


async def test_ink_looks_as_the_picture_did(pixlab: AsyncPixLab) -> None:
    source = written(Image.fromarray(NOISE), "TIFF")
    image = opened((await pixlab.blob.colorspace_cmyk(source)).content)
    assert image.mode == "CMYK"
    assert np.abs(np.asarray(image.convert("RGB")).astype(int) - NOISE).max() <= 2


async def test_what_can_be_seen_through_is_white_paper_in_ink(pixlab: AsyncPixLab) -> None:
    source = written(Image.new("RGBA", (8, 8), (255, 0, 0, 0)))
    image = opened((await pixlab.blob.colorspace_cmyk(source)).content)
    assert image.getpixel((4, 4)) == (0, 0, 0, 0)


async def test_hsl_is_stored_in_place_of_red_green_and_blue(pixlab: AsyncPixLab) -> None:
    stored = values(await pixlab.blob.colorspace_hsl(png(NOISE)))
    red, green, blue = (NOISE[2, 3] / 255).tolist()
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    expected = np.array([hue, saturation, lightness]) * 255
    assert np.abs(stored[2, 3] - expected).max() <= 0.51


async def test_rgb_is_proportional_to_light(pixlab: AsyncPixLab) -> None:
    stored = values(await pixlab.blob.colorspace_rgb(png(SIX)))
    assert stored[0, :3, 0].tolist() == [0, 55, 255]


async def test_srgb_leaves_an_ordinary_picture_as_it_is(pixlab: AsyncPixLab) -> None:
    assert (values(await pixlab.blob.colorspace_srgb(png(NOISE))) == NOISE).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK"])
async def test_srgb_is_red_green_and_blue_of_any_picture(pixlab: AsyncPixLab, mode: str) -> None:
    image = Image.fromarray(NOISE).convert(mode)
    source = written(image, "TIFF")
    stored = opened((await pixlab.blob.colorspace_srgb(source)).content)
    assert stored.mode == "RGB"
    assert stored.tobytes() == image.convert("RGB").tobytes()


async def test_transparent_adds_an_opaque_alpha(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.colorspace_transparent(png(NOISE))).content)
    assert image.mode == "RGBA"
    assert image.getchannel("A").getextrema() == (255, 255)


async def test_a_transparent_jpeg_becomes_a_png(pixlab: AsyncPixLab) -> None:
    source = written(Image.fromarray(NOISE), "JPEG")
    result = await pixlab.blob.colorspace_transparent(source)
    assert (result.media_type, opened(result.content).mode) == ("image/png", "RGBA")
