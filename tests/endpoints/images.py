"""Tiny pictures to send, and a look into those that come back."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image


def grid(width: int = 6, height: int = 4) -> Image.Image:
    """A picture whose every pixel says where it is: (x * 10, y * 10, 200)."""
    image = Image.new("RGB", (width, height))
    for x in range(width):
        for y in range(height):
            image.putpixel((x, y), (x * 10, y * 10, 200))
    return image


def written(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def camera() -> Image.Exif:
    """EXIF with a camera's name."""
    data = Image.Exif()
    data[0x010F] = "A camera"
    return data
