"""Structured parameters: rectangles, points, lines, overlays, frames.

Each can be given as its class, as what another call's result holds (a ``Face``), or as the
dictionary of another reply; all become the dictionaries that are sent. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntFlag
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeGuard

from attrs import frozen

from ._arguments import shown
from ._errors import ConfigurationError
from ._sources import Source, as_source
from ._success import finite

if TYPE_CHECKING:
    from ._protocol import Unlinked


class Channel(IntFlag):
    """Color channels, to be combined with ``|``. PixLab's ``CHANNEL_`` constants."""

    RED = 1
    GRAY = 1
    CYAN = 1
    GREEN = 2
    MAGENTA = 2
    BLUE = 4
    YELLOW = 4
    ALPHA = 8
    OPACITY = 8
    MATTE = 8
    BLACK = 32
    INDEX = 32
    ALL = 134217727


@frozen
class Rectangle:
    """A rectangle in a picture, in pixels.

    Attributes:
        x: Its left edge.
        y: Its top edge.
        width: Its width.
        height: Its height.
        color: The color to draw it in, where it is drawn; None for the call's own.
    """

    x: int
    y: int
    width: int
    height: int
    color: str | None = None


@frozen
class Point:
    """A place in a picture, in pixels.

    Attributes:
        x: From the left.
        y: From the top.
        color: The color to draw it in, where it is drawn; None for the call's own.
    """

    x: float
    y: float
    color: str | None = None


@frozen
class Line:
    """A straight line in a picture, in pixels.

    Attributes:
        startx: X of its start.
        starty: Y of its start.
        endx: X of its end.
        endy: Y of its end.
        color: The color to draw it in; None for the call's own.
    """

    startx: float
    starty: float
    endx: float
    endy: float
    color: str | None = None


@frozen
class Overlay:
    """A picture to be placed on another.

    Attributes:
        img: The picture: a URL, a stored ``Media``, or one that is here.
        x: Pixels from the left.
        y: Pixels from the top.
        center: Whether its horizontal middle is put at ``x``, instead of its left edge.
        center_y: Whether its vertical middle is put at ``y``, instead of its top edge.
    """

    img: Source
    x: float
    y: float
    center: bool | None = None
    center_y: bool | None = None


@frozen
class Frame:
    """A picture of an animation.

    Attributes:
        img: The picture: a URL, a stored ``Media``, or one that is here.
    """

    img: Source


class HasRectangle(Protocol):
    """What lies in a rectangle: ``Face``, ``FaceLandmarks``, ``FaceMotion``."""

    @property
    def rectangle(self) -> Rectangle: ...


RectangleLike: TypeAlias = Rectangle | HasRectangle | Mapping[str, object]
PointLike: TypeAlias = Point | Mapping[str, object]
LineLike: TypeAlias = Line | Mapping[str, object]
OverlayLike: TypeAlias = Overlay | Mapping[str, object]
FrameLike: TypeAlias = Frame | Source | Mapping[str, object]


def blurred(cord: Iterable[RectangleLike]) -> list[dict[str, Unlinked]]:
    """Rectangles as ``mogrify`` is sent them by programs: left, top, width, height."""
    sent: list[dict[str, Unlinked]] = []
    for place, given in enumerate(_listed(cord, "cord")):
        fields = _rectangle(given, f"cord[{place}]")
        sent.append(
            {
                "left": fields["x"],
                "top": fields["y"],
                "width": fields["width"],
                "height": fields["height"],
            }
        )
    return sent


def drawn(cord: Iterable[RectangleLike]) -> list[dict[str, Unlinked]]:
    """Rectangles to draw: x, y, width, height, color."""
    return [
        _rectangle(given, f"cord[{place}]") for place, given in enumerate(_listed(cord, "cord"))
    ]


def points(given: Iterable[PointLike]) -> list[dict[str, Unlinked]]:
    """Points to draw: x, y, color."""
    return [
        _placed(item, f"points[{place}]", ("x", "y"), Point)
        for place, item in enumerate(_listed(given, "points"))
    ]


def lines(given: Iterable[LineLike]) -> list[dict[str, Unlinked]]:
    """Lines to draw: startx, starty, endx, endy, color."""
    return [
        _placed(item, f"lines[{place}]", ("startx", "starty", "endx", "endy"), Line)
        for place, item in enumerate(_listed(given, "lines"))
    ]


def overlays(cord: Iterable[OverlayLike]) -> list[dict[str, Unlinked]]:
    """Pictures to place: img, x, y, center, center_y."""
    sent: list[dict[str, Unlinked]] = []
    for place, given in enumerate(_listed(cord, "cord")):
        name = f"cord[{place}]"
        fields = _fields(given, name, Overlay, ("img", "x", "y", "center", "center_y"))
        entry: dict[str, Unlinked] = {"img": _source(fields, name)}
        for axis in ("x", "y"):
            entry[axis] = _pixels(fields, axis, name)
        for switch in ("center", "center_y"):
            value = fields.get(switch)
            if value is not None:
                if not isinstance(value, bool):
                    raise ConfigurationError(f"{name}.{switch} must be True or False.")
                entry[switch] = value
        sent.append(entry)
    return sent


def frames(given: Iterable[FrameLike]) -> list[dict[str, Unlinked]]:
    """Pictures of an animation: img."""
    sent: list[dict[str, Unlinked]] = []
    for place, item in enumerate(_listed(given, "frames")):
        name = f"frames[{place}]"
        if isinstance(item, Frame) or _is_mapping(item):
            sent.append({"img": _source(_fields(item, name, Frame, ("img",)), name)})
        else:
            sent.append({"img": as_source(item)})
    return sent


def _listed(given: Iterable[object], name: str) -> list[object]:
    if isinstance(given, str | bytes) or _is_mapping(given) or not isinstance(given, Iterable):
        raise ConfigurationError(f"{name} must be a list of them, not {type(given).__name__}.")

    items = list(given)
    if not items:
        raise ConfigurationError(f"{name} is empty: there is nothing to do.")

    return items


def _rectangle(given: object, name: str) -> dict[str, Unlinked]:
    # Of a Face, or of a face in the reply of facemotion or facelandmarks.
    inner: object = getattr(given, "rectangle", None)
    if _is_mapping(given):
        inner = given.get("rectangle")
    subject = inner if isinstance(inner, Rectangle) or _is_mapping(inner) else given
    fields = _fields(subject, name, Rectangle, ("x", "y", "width", "height", "color"))
    fields = {
        **fields,
        "x": fields.get("x", fields.get("left")),
        "y": fields.get("y", fields.get("top")),
    }
    entry: dict[str, Unlinked] = {
        part: _pixels(fields, part, name) for part in ("x", "y", "width", "height")
    }
    return entry | _color(fields, name)


def _placed(
    given: object, name: str, parts: tuple[str, ...], kind: type[Point | Line]
) -> dict[str, Unlinked]:
    fields = _fields(given, name, kind, (*parts, "color"))
    entry: dict[str, Unlinked] = {part: _pixels(fields, part, name) for part in parts}
    return entry | _color(fields, name)


def _fields(
    given: object, name: str, kind: type[object], parts: tuple[str, ...]
) -> Mapping[str, object]:
    """What is given as a dictionary, whichever it is."""
    if isinstance(given, kind):
        return {part: getattr(given, part) for part in parts}

    if _is_mapping(given):
        return {str(key): value for key, value in given.items()}

    raise ConfigurationError(
        f"{name} must be a {kind.__name__} or a dictionary with {', '.join(parts)}, not "
        f"{type(given).__name__}."
    )


def _is_mapping(given: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(given, Mapping)


def _pixels(fields: Mapping[str, object], part: str, name: str) -> int:
    """A coordinate; fractions, as of landmarks, go to the nearest pixel."""
    value = fields.get(part)
    number = finite(value) if isinstance(value, int | float | str) else None
    if number is None:
        raise ConfigurationError(f"{name}.{part} must be a number of pixels, not {shown(value)}.")

    return round(number)


def _color(fields: Mapping[str, object], name: str) -> dict[str, Unlinked]:
    color = fields.get("color")
    if color is None:
        return {}

    if not isinstance(color, str) or not color:
        raise ConfigurationError(
            f"{name}.color must be a color's name or #hex, not {shown(color)}."
        )

    return {"color": color}


def _source(fields: Mapping[str, object], name: str) -> Unlinked:
    if fields.get("img") is None:
        raise ConfigurationError(f"{name}.img is missing: it says which picture is meant.")

    return as_source(fields["img"])
