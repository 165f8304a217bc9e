"""Which methods each module of endpoints has: the pages' order, and what is on each."""

from __future__ import annotations

import inspect
from importlib import import_module

MODULES = (
    "sizes",
    "geometry",
    "filters",
    "color",
    "tones",
    "formats",
    "text",
    "drawing",
    "frames",
    "animation",
    "canvas",
    "restoration",
    "vision",
    "faces",
    "documents",
    "language",
    "storage",
    "service",
)


def methods_of(module: str) -> list[str]:
    """The names of the methods that a module of endpoints gives the client, in its order."""
    room = import_module(f"pixlab_async.endpoints.{module}")
    return [
        name
        for kind in vars(room).values()
        if inspect.isclass(kind) and kind.__module__ == room.__name__
        for name, value in vars(kind).items()
        if inspect.iscoroutinefunction(value) and not name.startswith("_")
    ]


def homes() -> dict[str, str]:
    """The page of each method."""
    return {name: module for module in MODULES for name in methods_of(module)}
