"""Paints the demo's picture: a sunset over hills and water, out of arithmetic alone.

The package ships what this wrote, so that `pixlab demo` needs no picture of anybody's and no
network. Run it again after a change here:

    python examples/make_demo_picture.py pixlab_async/cli/demo.jpg
"""

from __future__ import annotations

import math
import sys
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 480, 320
HORIZON = 205
SUN = (318, 158)
# Painted twice as large and brought down at the end, which smooths every edge.
SCALE = 2

Colour = tuple[int, int, int]

SKY: list[tuple[float, Colour]] = [
    (0.0, (38, 44, 98)),
    (0.35, (116, 78, 142)),
    (0.65, (232, 122, 112)),
    (0.88, (252, 190, 112)),
    (1.0, (255, 224, 156)),
]
WATER: list[tuple[float, Colour]] = [
    (0.0, (244, 178, 120)),
    (0.3, (178, 104, 124)),
    (1.0, (36, 42, 88)),
]
# From far to near: the ridge's height above the horizon, its roughness, its colour.
RIDGES: list[tuple[float, float, Colour]] = [
    (44, 16, (148, 98, 138)),
    (28, 13, (98, 70, 118)),
    (13, 9, (54, 46, 88)),
]


def scaled(*values: float) -> list[int]:
    """Lengths of the finished picture in pixels of the canvas."""
    return [round(value * SCALE) for value in values]


def mix(stops: list[tuple[float, Colour]], position: float) -> Colour:
    """The colour at a position from 0 to 1 between the stops."""
    for (start, first), (end, second) in pairwise(stops):
        if position <= end:
            share = (position - start) / (end - start)
            red, green, blue = (
                round(a + (b - a) * share) for a, b in zip(first, second, strict=True)
            )
            return red, green, blue

    return stops[-1][1]


def gradient(stops: list[tuple[float, Colour]], size: tuple[int, int]) -> Image.Image:
    """The stops from top to bottom."""
    width, height = size
    column = Image.new("RGB", (1, height))
    column.putdata([mix(stops, row / (height - 1)) for row in range(height)])
    return column.resize((width, height))


def glow(picture: Image.Image) -> Image.Image:
    """The picture with the sun in it."""
    light = Image.new("RGB", picture.size)
    draw = ImageDraw.Draw(light)
    x, y = scaled(*SUN)
    for radius, colour in [(120, (34, 22, 8)), (72, (50, 36, 16)), (40, (60, 48, 26))]:
        reach = radius * SCALE
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)
    picture = ImageChops.add(picture, light.filter(ImageFilter.GaussianBlur(18 * SCALE)))
    reach = 23 * SCALE
    disc = (x - reach, y - reach, x + reach, y + reach)
    ImageDraw.Draw(picture).ellipse(disc, fill=(255, 247, 214))
    return picture


def clouds(picture: Image.Image, random: Random) -> Image.Image:
    """The picture with long thin clouds, lit from below."""
    veil = Image.new("L", picture.size)
    draw = ImageDraw.Draw(veil)
    for _ in range(16):
        x, y = random.uniform(-40, WIDTH), random.uniform(24, 120)
        for _ in range(9):
            dx, dy = random.uniform(-60, 60), random.uniform(-5, 5)
            long, high = random.uniform(22, 60), random.uniform(1.5, 5)
            box = scaled(x + dx - long, y + dy - high, x + dx + long, y + dy + high)
            draw.ellipse(box, fill=random.randint(60, 150))
    veil = veil.filter(ImageFilter.GaussianBlur(2.2 * SCALE))
    return Image.composite(Image.new("RGB", picture.size, (255, 196, 170)), picture, veil)


def hills(draw: ImageDraw.ImageDraw, random: Random) -> None:
    """Ridge before ridge, each a sum of a few waves."""
    for height, rough, colour in RIDGES:
        waves = [(random.uniform(0, math.tau), 2.1**n, rough / 1.8**n) for n in range(6)]
        line: list[tuple[float, float]] = []
        for x in range(WIDTH + 1):
            sway = sum(
                size * math.sin(math.tau * often * x / WIDTH + phase)
                for phase, often, size in waves
            )
            line.append((x * SCALE, (HORIZON - max(2.0, height + sway)) * SCALE))
        draw.polygon([(0, HORIZON * SCALE), *line, (WIDTH * SCALE, HORIZON * SCALE)], fill=colour)


def mirrored(picture: Image.Image) -> Image.Image:
    """The part below the horizon: what is above it upside down, in waves, in the water's tint."""
    width, horizon = picture.width, HORIZON * SCALE
    depth = picture.height - horizon
    above = picture.crop((0, horizon - depth, width, horizon))
    flipped = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    waved = Image.new("RGB", flipped.size)
    for row in range(depth):
        near = row / depth
        shift = math.sin(row / (1.5 + 5 * near) * 1.3 / SCALE * 2) * (1 + 9 * near) * SCALE
        strip = flipped.crop((0, row, width, row + 1))
        waved.paste(ImageChops.offset(strip, round(shift), 0), (0, row))
    return Image.blend(waved, gradient(WATER, waved.size), 0.45)


def glitter(draw: ImageDraw.ImageDraw, random: Random) -> None:
    """The sun's road on the water."""
    for _ in range(150):
        near = random.random() ** 1.3
        y = HORIZON + 3 + near * (HEIGHT - HORIZON - 8)
        x = SUN[0] + random.gauss(0, 5 + 20 * near)
        half = random.uniform(2, 5 + 13 * near)
        warm = (255, 238 - round(70 * near), 190 - round(80 * near))
        draw.ellipse(scaled(x - half, y - 0.5 - near, x + half, y + 0.5 + near), fill=warm)


def pines(draw: ImageDraw.ImageDraw, random: Random) -> None:
    """A dark bank with trees at the left, near enough to touch."""
    shore = [(0, 262), (40, 268), (96, 284), (150, 303), (190, 320), (0, 320)]
    draw.polygon([(x * SCALE, y * SCALE) for x, y in shore], fill=(22, 24, 46))
    for x, foot, tall in [(18, 272, 128), (52, 280, 98), (84, 290, 118), (118, 300, 66)]:
        for tier in range(9):
            top = foot - tall + tier * tall / 10
            half = (4 + tier * 2.6) * tall / 120 + random.uniform(-1, 1)
            peak = (x * SCALE, top * SCALE)
            left, right = (
                ((x + side * half) * SCALE, (top + tall / 5.5) * SCALE) for side in (-1, 1)
            )
            draw.polygon([peak, left, right], fill=(18 + tier, 22 + tier, 44 + tier))


def birds(draw: ImageDraw.ImageDraw) -> None:
    """A few, far away."""
    for x, y, size in [(214, 74, 7), (236, 64, 5), (250, 80, 6), (276, 70, 4)]:
        for side in (-1, 1):
            centre = x + side * size
            box = scaled(centre - size, y - size / 2, centre + size, y + size / 2 + 2)
            draw.arc(box, 190, 350, fill=(46, 38, 78), width=SCALE)


def landscape() -> Image.Image:
    """The whole picture."""
    random = Random(8)
    picture = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE))
    picture.paste(gradient(SKY, (WIDTH * SCALE, HORIZON * SCALE)))
    picture = glow(clouds(picture, random))
    draw = ImageDraw.Draw(picture)
    hills(draw, random)
    picture.paste(mirrored(picture), (0, HORIZON * SCALE))
    glitter(draw, random)
    pines(draw, random)
    birds(draw)
    return picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    landscape().save(sys.argv[1], "JPEG", quality=88, optimize=True)
