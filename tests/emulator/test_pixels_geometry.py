"""The makers on their own, with the kinds of pixels that pictures seldom have."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pixlab_async.emulator._bounds import TooLarge
from pixlab_async.emulator._given import Given
from pixlab_async.emulator._pictures import Maker, Picture, Unusable, decode
from pixlab_async.emulator.pixels import formats, frames, geometry, sizes

from ..endpoints.images import grid, opened, written

MIRRORS = ["flip", "flop", "transpose", "transverse"]
NO_PARAMETERS = Given({})


def deep() -> Image.Image:
    """16 bits a pixel."""
    return Image.fromarray((np.arange(24, dtype=np.uint16) * 2500).reshape(4, 6))


def odd(mode: str) -> Picture:
    """A picture as it is read from a file in this mode."""
    image = grid(6, 4)
    if mode == "I;16":
        return decode(written(deep()))
    if mode == "P":
        return decode(written(image.quantize(8), transparency=2))
    if mode == "LA":
        image = image.convert("L")
        image.putalpha(grid(6, 4).getchannel("R"))
        return decode(written(image))
    if mode == "CMYK":
        return decode(written(image.convert("CMYK"), "TIFF"))
    return decode(written(image.convert(mode)))


@pytest.mark.parametrize("mode", ["1", "CMYK", "I;16", "LA", "P"])
@pytest.mark.parametrize("name", MIRRORS)
def test_mirrors_keep_the_mode_and_lose_nothing(mode: str, name: str) -> None:
    picture, mirror = odd(mode), geometry.MAKERS[name]
    once = decode(mirror(picture, NO_PARAMETERS).encoded())
    twice = decode(mirror(once, NO_PARAMETERS).encoded())
    assert twice.image.mode == picture.image.mode
    assert twice.image.convert("RGBA").tobytes() == picture.image.convert("RGBA").tobytes()


@pytest.mark.parametrize("mode", ["1", "CMYK", "I;16", "LA", "P"])
def test_crop_chop_and_roll_move_the_same_pixels(mode: str) -> None:
    picture = odd(mode)
    expected = picture.image.crop((2, 1, 6, 4)).convert("RGBA").tobytes()
    crop = geometry.crop(picture, Given({"x": 2, "y": 1, "width": 4, "height": 3}))
    chop = geometry.chop(picture, Given({"x": 0, "y": 0, "width": 2, "height": 1}))
    roll = geometry.roll(picture, Given({"x": -2, "y": -1}))
    assert opened(crop.encoded()).convert("RGBA").tobytes() == expected
    assert opened(chop.encoded()).convert("RGBA").tobytes() == expected
    assert opened(roll.encoded()).crop((0, 0, 4, 3)).convert("RGBA").tobytes() == expected


@pytest.mark.parametrize("mode", ["1", "CMYK", "I;16", "LA", "P"])
@pytest.mark.parametrize("name", ["adaptiveresize", "resize", "thumbnail"])
def test_every_mode_is_resized_and_written(mode: str, name: str) -> None:
    made = sizes.MAKERS[name](odd(mode), Given({"width": 9, "height": 5}))
    assert opened(made.encoded()).size == (9, 5)


@pytest.mark.parametrize("mode", ["LA", "P"])
def test_what_is_transparent_stays_so_when_resized(mode: str) -> None:
    made = sizes.resize(odd(mode), Given({"width": 12, "height": 8}))
    alpha = opened(made.encoded()).convert("RGBA").getchannel("A")
    assert min(alpha.tobytes()) < 50


def test_16_bits_stay_16_bits_when_resized() -> None:
    image = opened(sizes.resize(odd("I;16"), Given({"width": 3, "height": 2})).encoded())
    assert image.mode == "I;16"
    assert int(np.asarray(image).max()) > 255


def test_16_bits_are_brought_down_to_8_where_colours_come_in() -> None:
    made = frames.border(odd("I;16"), Given({"width": 1, "color": "red"}))
    last = opened(made.encoded()).getpixel((6, 4))
    assert last == (round(23 * 2500 / 257),) * 3


def test_a_gif_stays_a_gif() -> None:
    picture = decode(written(grid(), "GIF"))
    for name in (*MIRRORS, "crop", "roll"):
        made = geometry.MAKERS[name](picture, Given({"x": 1, "y": 1, "width": 2, "height": 2}))
        assert opened(made.encoded()).format == "GIF"


def test_a_profile_is_dropped_where_the_colours_are_others() -> None:
    image = grid().convert("CMYK")
    picture = decode(written(image, "JPEG", icc_profile=b"for ink"))
    bordered = opened(frames.border(picture, Given({"width": 1})).encoded())
    flipped = opened(geometry.flip(picture, NO_PARAMETERS).encoded())
    assert "icc_profile" not in bordered.info
    assert flipped.info["icc_profile"] == b"for ink"


def test_an_ico_keeps_its_size() -> None:
    picture = decode(written(grid(40, 40), "ICO", sizes=[(40, 40)]))
    made = sizes.resize(picture, Given({"width": 50, "height": 20}))
    assert opened(made.encoded()).format == "ICO"
    assert opened(made.encoded()).size == (50, 20)


def test_an_ico_that_is_too_large_for_one_becomes_a_png() -> None:
    picture = decode(written(grid(40, 40), "ICO", sizes=[(40, 40)]))
    made = sizes.resize(picture, Given({"width": 300, "height": 20}))
    assert made.format == "PNG"


@pytest.mark.parametrize("maker", [frames.border, geometry.extent])
def test_what_is_added_can_be_transparent(maker: Maker) -> None:
    given = Given({"width": 8, "height": 8, "color": "transparent", "x": -1, "y": -1})
    assert opened(maker(odd("RGB"), given).encoded()).getpixel((0, 0)) == (0, 0, 0, 0)


def test_extent_outside_the_picture_is_all_fill() -> None:
    given = Given({"width": 2, "height": 2, "x": 50, "y": 0, "color": "red"})
    image = opened(geometry.extent(odd("RGB"), given).encoded())
    assert image.getcolors() == [(4, (255, 0, 0))]


def test_a_size_of_nothing_is_refused() -> None:
    with pytest.raises(Unusable):
        sizes.resize(odd("RGB"), Given({"width": 0}))


def test_a_reflection_of_nothing_is_refused() -> None:
    with pytest.raises(Unusable):
        frames.reflect(odd("RGB"), Given({"size": 0}))


def test_ink_is_encrypted_as_the_colours_that_it_shows() -> None:
    picture, key = odd("CMYK"), Given({"pwd": "key"})
    plain = formats.decrypt(decode(formats.encrypt(picture, key).encoded()), key)
    assert plain.image.tobytes() == picture.image.convert("RGB").tobytes()


def test_broken_exif_is_replaced() -> None:
    picture = decode(written(grid(), exif=b"Exif\0\0no such thing"))
    made = formats.setorientation(picture, Given({"orientation": 6}))
    assert opened(made.encoded()).getexif()[0x0112] == 6


def test_a_psd_is_merged_already() -> None:
    image = grid()
    picture = Picture(image, "PNG", b"8BPS and so on")
    assert frames.flatten(picture, NO_PARAMETERS).image.tobytes() == image.tobytes()


def test_a_format_without_frames_is_flattened_too() -> None:
    # Pillow's reader of SPIDER counts none in a file that is no stack.
    picture = decode(written(grid().convert("F"), "SPIDER"))
    assert opened(frames.flatten(picture, NO_PARAMETERS).encoded()).size == (6, 4)


def test_a_picture_is_never_changed_in_place() -> None:
    picture = decode(written(grid(), exif=b"Exif\0\0"))
    before = dict(picture.image.info)
    formats.strip(picture, NO_PARAMETERS)
    geometry.rotate(picture, Given({"degree": 0.0}))
    assert picture.image.info == before


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1)])
def test_extreme_proportions_leave_a_pixel_at_least(size: tuple[int, int]) -> None:
    picture = decode(written(Image.new("RGB", size)))
    for maker in (sizes.minify, sizes.smartresize, frames.favicon):
        made = maker(picture, Given({"width": 2, "height": 2}))
        assert min(opened(made.encoded()).size) >= 1


@pytest.mark.parametrize(
    ("maker", "values"),
    [
        (sizes.scale, {"scale": 500}),
        (geometry.extent, {"width": 10_000, "height": 10_000}),
        (frames.reflect, {"size": 7000}),
        (frames.shadow, {"opacity": 50.0, "sigma": 0.0, "x": 10_000, "y": 0}),
    ],
)
def test_what_would_grow_too_large_is_refused(maker: Maker, values: dict[str, object]) -> None:
    picture = Picture(Image.new("1", (6000, 6000)), "PNG")
    with pytest.raises(TooLarge):
        maker(picture, Given(values))
