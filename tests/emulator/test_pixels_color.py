"""Pictures of every kind go through the functions that compute colours and filters."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
from PIL import Image

from pixlab_async.emulator._given import Given
from pixlab_async.emulator._pictures import Maker, Picture, Unusable, decode
from pixlab_async.emulator.pixels import color, filters, tones
from pixlab_async.emulator.pixels._channels import values_of
from pixlab_async.emulator.pixels._maps import threshold_map

GREYS = np.arange(20, dtype=np.uint8).reshape(4, 5) * 12
MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "I;16", "F"]
USUAL: Mapping[str, object] = (
    {"radius": 1.0, "sigma": 1.0, "angle": 30.0, "noise": 2, "gray": False}
    | {"azimuth": 30.0, "elevation": 30.0, "gamma": 1.5, "sepia": 204.0}
    | {"brightness": 120.0, "saturation": 80.0, "hue": 120.0, "blackpoint": 1.0, "whitepoint": 1.0}
    | {"th": 100.0, "color": "gray", "low": 20.0, "high": 200.0, "level": 3, "type": "o2x2"}
    | {"nc": 4, "cs": 1, "td": 8, "dither": 1, "ct": 1.0, "st": 2.0}
)
MAKERS: dict[str, Maker] = color.MAKERS | filters.MAKERS | tones.MAKERS


def picture(mode: str, size: tuple[int, int] = (5, 4)) -> Picture:
    image = Image.fromarray(GREYS).resize(size)
    if mode == "PA":
        return Picture(image.convert("P").convert("PA"), "PNG")

    return Picture(
        image.convert("RGB").convert(mode) if mode == "HSV" else image.convert(mode), "PNG"
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", MAKERS)
def test_every_mode_is_taken_and_can_be_written(name: str, mode: str) -> None:
    made = MAKERS[name](picture(mode), Given(USUAL))
    assert decode(made.encoded()).image.size == (5, 4)


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (7, 1)])
@pytest.mark.parametrize("name", MAKERS)
def test_the_smallest_pictures_are_taken(name: str, size: tuple[int, int]) -> None:
    given = Given({**USUAL, "blackpoint": 0.0, "whitepoint": 0.0})
    assert MAKERS[name](picture("RGB", size), given).image.size == size


@pytest.mark.parametrize("name", MAKERS)
def test_the_picture_itself_is_left_as_it_is(name: str) -> None:
    source = picture("RGBA")
    before = source.image.tobytes()
    MAKERS[name](source, Given(USUAL))
    assert (source.image.mode, source.image.tobytes()) == ("RGBA", before)


@pytest.mark.parametrize("name", sorted(MAKERS.keys() - {"separate", "colorspace_cmyk"}))
@pytest.mark.parametrize("mode", ["LA", "PA", "RGBA"])
def test_alpha_is_preserved(name: str, mode: str) -> None:
    image = picture("L").image.convert(mode)
    alpha = Image.fromarray(GREYS[::-1].copy())
    image.putalpha(alpha)
    made = MAKERS[name](Picture(image, "PNG"), Given(USUAL))
    assert made.image.getchannel("A").tobytes() == alpha.tobytes()


@pytest.mark.parametrize("name", sorted(MAKERS.keys() - {"noise", "randomthreshold"}))
def test_the_same_picture_gives_the_same_result(name: str) -> None:
    results = [MAKERS[name](picture("RGB"), Given(USUAL)).image.tobytes() for _ in range(2)]
    assert results[0] == results[1]


def test_a_palettes_transparency_becomes_alpha() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = 1
    negative = MAKERS["negate"](Picture(image, "GIF"), Given({"gray": False})).image
    assert [negative.getpixel((x, 0)) for x in (0, 1)] == [(0, 255, 255, 255), (255, 255, 0, 0)]


@pytest.mark.parametrize("mode", ["I", "I;16"])
def test_sixteen_bits_are_brought_to_eight(mode: str) -> None:
    deep = np.array([[0, 257 * 100, 65535]], np.uint16)
    image = Image.fromarray(deep.astype(np.int32) if mode == "I" else deep)
    assert image.mode == mode
    assert values_of(Picture(image, "PNG"))[0, :, 0].tolist() == [0, 100, 255]


def test_ink_is_computed_as_it_looks() -> None:
    image = Image.new("CMYK", (1, 1), (255, 0, 0, 0))
    negative = MAKERS["negate"](Picture(image, "JPEG"), Given({"gray": False})).image
    assert negative.getpixel((0, 0)) == (255, 0, 0)


def test_ink_stays_the_ink_it_is() -> None:
    image = Image.frombytes("CMYK", (3, 4), bytes(range(48)))
    made = MAKERS["colorspace_cmyk"](Picture(image, "TIFF"), Given({}))
    assert (made.format, made.image.tobytes()) == ("TIFF", image.tobytes())


def test_a_grey_channel_alone_becomes_a_colour() -> None:
    made = MAKERS["negate"](picture("L"), Given({"gray": False, "channel": 1}))
    assert made.image.mode == "RGB"


def test_a_mask_of_nothing_touches_nothing() -> None:
    source = picture("RGBA")
    made = MAKERS["negate"](source, Given({"gray": False, "channel": 0}))
    assert made.image.tobytes() == source.image.tobytes()


def test_the_profile_goes_with_the_picture() -> None:
    source = picture("RGB")
    source.image.info["icc_profile"] = b"a profile"
    made = MAKERS["gamma"](source, Given({"gamma": 2.0}))
    assert made.options["icc_profile"] == b"a profile"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("blur", {"radius": -1.0}),
        ("gaussianblur", {"sigma": math.nan}),
        ("motionblur", {"angle": math.inf}),
        ("oilpaint", {"radius": -1.0}),
        ("gamma", {"gamma": -1.0}),
        ("modulate", {"saturation": -1.0}),
        ("modulate", {"hue": math.inf}),
        ("linearstretch", {"blackpoint": 1e300}),
        ("threshold", {"th": math.nan}),
        ("posterize", {"level": 0}),
        ("posterize", {"level": 257}),
        ("quantize", {"nc": 0}),
        ("quantize", {"nc": 257}),
        ("quantize", {"td": 0}),
        ("segment", {"st": 0.5}),
        ("separate", {"channel": 0}),
    ],
)
def test_what_cannot_be_computed_is_said(name: str, wrong: dict[str, object]) -> None:
    with pytest.raises(Unusable, match=f"'{next(iter(wrong))}'"):
        MAKERS[name](picture("RGB"), Given({**USUAL, **wrong}))


@pytest.mark.parametrize(
    ("name", "far"),
    [
        ("gamma", {"gamma": 1e-300}),
        ("implode", {"radius": -1e300}),
        ("implode", {"radius": 10.0}),
        ("modulate", {"hue": -1e300}),
        ("motionblur", {"angle": -1e300}),
        ("radialblur", {"angle": -1e300}),
        ("randomthreshold", {"low": -1e300, "high": 1e300}),
        ("segment", {"ct": 1e300}),
        ("shade", {"azimuth": 1e300, "elevation": -1e300}),
        ("threshold", {"th": 1e300}),
    ],
)
def test_values_far_beyond_sense_do_no_harm(name: str, far: dict[str, object]) -> None:
    MAKERS[name](picture("RGBA"), Given({**USUAL, **far}))


def test_dispersed_maps_are_in_bayers_order() -> None:
    tile = threshold_map("o4x4")
    assert tile is not None
    assert np.rint(tile * 17).astype(int).tolist() == [
        [1, 9, 3, 11],
        [13, 5, 15, 7],
        [4, 12, 2, 10],
        [16, 8, 14, 6],
    ]


@pytest.mark.parametrize("name", ["o8x8", "h8x8a", "h8x8o", "8x1"])
def test_a_map_of_eight_has_each_of_its_thresholds_once(name: str) -> None:
    tile = threshold_map(name)
    assert tile is not None
    assert np.rint(np.sort(tile.ravel()) * 65).astype(int).tolist() == list(range(1, 65))


def test_white_circles_grow_from_the_middle_and_black_ones_shrink_there() -> None:
    white, black = threshold_map("c7x7b"), threshold_map("c7x7w")
    assert white is not None
    assert black is not None
    assert white.argmin() == black.argmax() == 24
