"""Text on a picture, in Pillow's own font whatever font is asked for."""

from __future__ import annotations

from typing import Literal

from attrs import frozen
from PIL import Image, ImageDraw, ImageFont

from .._colours import Colour, colour, faded
from .._given import Given
from .._pictures import Maker, Picture, Unusable, check_size
from ._shared import made, see_through

Font = ImageFont.FreeTypeFont
# Pillow's: left or middle; then ascender, middle, descender or baseline.
Anchor = Literal["ma", "mm", "md", "ls"]

_SMALLEST = 8
_LARGEST = 2000
_WIDEST = 200
# Of the picture's height, where no size is given.
_SHARE = 10


@frozen
class _Words:
    """A text and where it goes."""

    text: str
    at: tuple[int, int]
    anchor: Anchor


def drawtext(picture: Picture, given: Given) -> Picture:
    """Write at the top, in the middle and at the bottom.

    Where no size is given, in a tenth of the height or as large as fits the width.
    """
    width, height = picture.image.size
    margin = height // 20
    places: list[tuple[str, int, Anchor]] = [
        ("top", margin, "ma"),
        ("center", height // 2, "mm"),
        ("bottom", height - margin, "md"),
    ]
    words = [
        _Words(_cased(given, name), (width // 2, y), anchor)
        for name, y, anchor in places
        if name in given
    ]
    return _written(picture, given, words, fitting=True)


def drawtextat(picture: Picture, given: Given) -> Picture:
    """Write from a point on, which is at the left end of the text's baseline."""
    at = given.whole("x"), given.whole("y")
    return _written(picture, given, [_Words(_cased(given, "text"), at, "ls")], fitting=False)


def font_of(size: float) -> Font:
    """Pillow's own font in this size, in pixels."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _written(picture: Picture, given: Given, words: list[_Words], *, fitting: bool) -> Picture:
    image = see_through(picture.image)
    stroke = round(given.number("strokewidth")) if "strokecolor" in given else 0
    if not 0 <= stroke <= _WIDEST:
        raise Unusable(f"'strokewidth' must be from 0 to {_WIDEST}")

    size = _size(picture.image, given, words, fitting=fitting)
    edge = colour(given.text("strokecolor", "none"))
    layers = [(0, colour(given.text("color", "white")))]
    if stroke:
        layers.insert(0, (stroke, faded(edge, given.number("strokeopacity", 1.0))))
    font = font_of(size)
    for one in words:
        lines = one.text.split("\n")
        for line in lines:
            check_size(font.getlength(line) + 2 * stroke, (size + 2 * stroke) * len(lines))
        for width, shade in layers:
            image = _inked(image, one, font, width, shade)
    return made(picture, image if picture.image.has_transparency_data else image.convert("RGB"))


def _inked(
    image: Image.Image, words: _Words, font: Font, stroke: int, shade: Colour
) -> Image.Image:
    """The words in one colour, with soft edges, on the image."""
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).text(
        words.at, words.text, 255, font, words.anchor, align="center", stroke_width=stroke
    )
    red, green, blue, alpha = shade
    layer = Image.new("RGBA", image.size, (red, green, blue, 0))
    layer.putalpha(mask.point([value * alpha // 255 for value in range(256)]))
    return Image.alpha_composite(image, layer)


def _size(image: Image.Image, given: Given, words: list[_Words], *, fitting: bool) -> float:
    if "size" in given:
        asked = given.whole("size")
        if not 1 <= asked <= _LARGEST:
            raise Unusable(f"'size' must be from 1 to {_LARGEST}")

        return asked

    size = min(max(image.height / _SHARE, _SMALLEST), _LARGEST)
    if not fitting:
        return size

    # A font's lengths grow in proportion to its size.
    font = font_of(100)
    widest = max(
        (font.getlength(line) for one in words for line in one.text.split("\n")), default=0
    )
    fits = image.width * 0.95 * 100 / widest if widest else size
    return min(size, max(fits, _SMALLEST))


def _cased(given: Given, name: str) -> str:
    text = given.text(name).replace("\r\n", "\n")
    return text.upper() if given.truth("cap") else text


# Of meme a sample program alone is known, which calls it as one calls drawtext.
MAKERS: dict[str, Maker] = {"drawtext": drawtext, "drawtextat": drawtextat, "meme": drawtext}
