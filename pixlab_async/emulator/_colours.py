"""Colours as PixLab writes them: names, ``#`` and hexadecimal digits, or words for "none"."""

from __future__ import annotations

import re

from PIL import ImageColor

TRANSPARENT = frozenset({"tr", "transparent", "none"})
# Pillow understands more, such as rgb(1, 2, 3), of which the documentation says nothing.
_DOCUMENTED = re.compile(r"#[0-9a-f]{3,8}|[a-z]+")

Colour = tuple[int, int, int, int]


def colour(text: str) -> Colour:
    """Red, green, blue and alpha, each from 0 to 255.

    Raises:
        ValueError: No such colour.
    """
    name = text.strip().lower()
    if name in TRANSPARENT:
        return (0, 0, 0, 0)

    if not _DOCUMENTED.fullmatch(name):
        raise ValueError(f"{text!r} is no colour")

    found = ImageColor.getcolor(name, "RGBA")
    assert isinstance(found, tuple)
    red, green, blue, alpha = found
    return (red, green, blue, alpha)


def faded(shade: Colour, opacity: float) -> Colour:
    """The same colour, as opaque as a number from 0 to 1 says; beyond, as the nearest end."""
    red, green, blue, alpha = shade
    return (red, green, blue, round(alpha * min(max(opacity, 0.0), 1.0)))
