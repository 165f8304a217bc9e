"""What is computed: a table from endpoint to function.

Most functions take a decoded ``Picture`` and the checked parameters, and give back a new
``Picture``: these are the ``MAKERS`` of the modules. Those that need several pictures, or
none, take ``Sources``: these are the ``WORKS``. None of them knows HTTP, the store or the
catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

from .._given import Given
from .._pictures import Maker
from .._work import Made, Sources, Work, file_of


@cache
def works() -> Mapping[str, Work]:
    """Every computation by its endpoint's name. The first call imports numpy."""
    # ruff: noqa: PLC0415
    from . import (
        animation,
        color,
        composition,
        documents,
        drawing,
        filters,
        formats,
        frames,
        geometry,
        sizes,
        text,
        tones,
    )

    rooms = (
        *(animation, color, composition, drawing, filters, formats),
        *(frames, geometry, sizes, text, tones),
    )
    found: dict[str, Work] = {}
    for room in rooms:
        found |= {name: partial(_of_one, maker) for name, maker in room.MAKERS.items()}
    return found | animation.WORKS | composition.WORKS | documents.WORKS


def _of_one(maker: Maker, sources: Sources, given: Given) -> Made:
    return file_of(maker(sources.picture("img"), given))
