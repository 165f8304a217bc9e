"""The pictures that the gallery begins with, out of arithmetic and Pillow's own font.

The scene has what shows an effect: a gradient, flat areas, fine lines, skin, text, and no
symmetry, so that a mirrored or turned picture is seen to be one. The same on every machine.
"""

from __future__ import annotations

import io
import math
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 240, 160
# Painted larger and brought down at the end, which smooths every edge.
_SCALE = 4
_DAYLIGHT = ((66, 120, 200), (172, 208, 238), (252, 226, 178))
_GROUND = 112
_SUN = (190, 34)
_HEAD = (62, 74)
# Where the face is: what mogrify and the frame around it are given.
FACE = (38, 42, 48, 64)

_Box = tuple[float, float, float, float]
_Color = tuple[int, int, int]


def scene() -> Image.Image:
    """A person before a house and hills, under the sun."""
    picture = _sky()
    draw = ImageDraw.Draw(picture)
    _round(draw, _SUN, 16, (255, 240, 190))
    _hills(draw)
    _house(draw)
    _person(draw)
    return picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def badge() -> Image.Image:
    """A small star on a disc; transparent around it."""
    picture = Image.new("RGBA", (48 * _SCALE, 48 * _SCALE))
    draw = ImageDraw.Draw(picture)
    _round(draw, (24, 24), 22, (196, 40, 62))
    corners = [
        (24 + reach * math.sin(turn), 24 - reach * math.cos(turn))
        for turn, reach in ((step * math.pi / 5, 16 if step % 2 == 0 else 7) for step in range(10))
    ]
    draw.polygon([(x * _SCALE, y * _SCALE) for x, y in corners], fill=(255, 232, 120))
    return picture.resize((48, 48), Image.Resampling.LANCZOS)


def moving() -> list[Image.Image]:
    """Frames of a ball that jumps from left to right."""
    frames: list[Image.Image] = []
    for step in range(8):
        frame = Image.new("RGB", (120 * _SCALE, 80 * _SCALE), (24, 30, 66))
        draw = ImageDraw.Draw(frame)
        draw.rectangle(_box(0, 66, 120, 80), fill=(70, 132, 84))
        height = 44 * abs(math.sin(math.pi * step / 4))
        _round(draw, (16 + step * 12.5, 56 - height), 10, (244, 150, 60))
        frames.append(frame.resize((120, 80), Image.Resampling.LANCZOS))
    return frames


def png(picture: Image.Image) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def jpeg(picture: Image.Image) -> bytes:
    """The same, as a camera's: with a comment and with EXIF data, which take some room."""
    exif = Image.Exif()
    exif[0x010E] = "A person before a house, drawn with Pillow. " * 60  # ImageDescription
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92, exif=exif, comment=b"for the gallery")
    return out.getvalue()


def gif(frames: list[Image.Image]) -> bytes:
    """The frames as an endless animation."""
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=110, loop=0)
    return out.getvalue()


def _sky() -> Image.Image:
    column = Image.new("RGB", (1, HEIGHT * _SCALE))
    stops = list(pairwise(_DAYLIGHT))
    for row in range(column.height):
        place = min(row / (_GROUND * _SCALE), 0.999) * len(stops)
        (first, second), share = stops[int(place)], place % 1
        mixed = [round(a + (b - a) * share) for a, b in zip(first, second, strict=True)]
        column.putpixel((0, row), (mixed[0], mixed[1], mixed[2]))
    return column.resize((WIDTH * _SCALE, column.height))


def _hills(draw: ImageDraw.ImageDraw) -> None:
    for foot, high, long, phase, color in (
        (_GROUND - 14, 12, 46, 0.4, (120, 150, 160)),
        (_GROUND, 9, 30, 2.0, (86, 138, 92)),
    ):
        line = [
            (x * _SCALE, (foot - high * math.sin(x / long + phase)) * _SCALE)
            for x in range(WIDTH + 1)
        ]
        bottom = HEIGHT * _SCALE
        draw.polygon([(0, bottom), *line, (WIDTH * _SCALE, bottom)], fill=color)


def _house(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle(_box(146, 88, 222, 142), fill=(232, 218, 196))
    roof = [(138, 90), (184, 58), (230, 90)]
    draw.polygon([(x * _SCALE, y * _SCALE) for x, y in roof], fill=(176, 62, 48))
    draw.rectangle(_box(154, 112, 170, 142), fill=(104, 70, 48))
    draw.rectangle(_box(194, 112, 214, 128), fill=(120, 176, 216))
    draw.line(_box(204, 112, 204, 128), fill=(250, 250, 250), width=_SCALE)
    draw.line(_box(194, 120, 214, 120), fill=(250, 250, 250), width=_SCALE)
    font = ImageFont.load_default(13 * _SCALE)
    draw.text((171 * _SCALE, 91 * _SCALE), "CAFE", font=font, fill=(52, 44, 80))
    for post in range(96, 145, 8):  # a fence: fine lines
        draw.line(_box(post, 126, post, 144), fill=(250, 246, 236), width=2 * _SCALE)
    draw.line(_box(94, 132, 146, 132), fill=(250, 246, 236), width=2 * _SCALE)


def _person(draw: ImageDraw.ImageDraw) -> None:
    x, y = _HEAD
    draw.rounded_rectangle(_box(x - 34, 112, x + 34, 190), 24 * _SCALE, fill=(46, 84, 150))
    draw.rectangle(_box(x - 7, 94, x + 7, 116), fill=(214, 160, 128))
    draw.ellipse(_box(x - 22, y - 31, x + 22, y + 24), fill=(84, 52, 36))
    draw.ellipse(_box(x - 18, y - 22, x + 18, y + 28), fill=(236, 188, 154))
    for side in (-7, 7):
        draw.ellipse(_box(x + side - 4, y - 4, x + side + 4, y + 2), fill=(255, 255, 255))
        _round(draw, (x + side + 1, y - 1), 2.2, (40, 60, 60))
    draw.line([(x * _SCALE, y * _SCALE), ((x - 2) * _SCALE, (y + 8) * _SCALE)], (200, 140, 110), 5)
    draw.arc(_box(x - 9, y + 4, x + 9, y + 19), 20, 160, fill=(176, 56, 60), width=2 * _SCALE)


def _round(
    draw: ImageDraw.ImageDraw, center: tuple[float, float], radius: float, color: _Color
) -> None:
    x, y = center
    draw.ellipse(_box(x - radius, y - radius, x + radius, y + radius), fill=color)


def _box(left: float, top: float, right: float, bottom: float) -> _Box:
    return (left * _SCALE, top * _SCALE, right * _SCALE, bottom * _SCALE)
