"""Faces: where they are, whose they may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .._arguments import optional, truth
from .._results import JSON
from .._sources import Source, as_source
from .._success import Success, mapping, number, rest, text, whole
from ._group import Group, call_of

if TYPE_CHECKING:
    from .._faces import (
        Emotion,
        Face,
        FaceComparison,
        FaceLandmarks,
        FaceMotion,
        Faces,
        FaceSearch,
    )
    from .._values import Point, Rectangle


class FaceAnalysis(Group):
    """Endpoints that find and compare faces. They leave nothing stored.

    What they find can be passed as it is to ``mogrify``, ``drawrectangles`` and the like.
    """

    async def facedetect(self, source: Source, *, count: bool | None = None) -> Faces[Face]:
        """Find every face of a picture.

        Args:
            source: The picture, a JPEG, PNG or BMP: a URL, a stored ``Media``, or what is to
                be uploaded.
            count: Whether the number of faces is to be answered instead. In which field it
                comes is not documented: ``faces`` is empty then, look into ``extra``.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/facedetect
        """
        params = {"img": as_source(source), "count": optional(truth, count, "count")}
        returns = _counted if count else _detected
        return await self.send(call_of("facedetect", returns, params))

    async def facelandmarks(self, source: Source) -> Faces[FaceLandmarks]:
        """Find every face of a picture, and its eyes, nose, mouth and chin.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/facelandmarks
        """
        return await self.send(call_of("facelandmarks", _landmarked, {"img": as_source(source)}))

    async def facemotion(self, source: Source) -> Faces[FaceMotion]:
        """Find every face of a picture, and estimate age, gender and emotion.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/facemotion
        """
        return await self.send(call_of("facemotion", _estimated, {"img": as_source(source)}))

    async def facecompare(self, src: Source, target: Source) -> FaceComparison:
        """Tell whether the single faces of two pictures are one person's.

        Args:
            src: A picture of one face: a URL, a stored ``Media``, or one that is here.
            target: Another one.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/cmd?id=facecompare
        """
        params = {"src": as_source(src), "target": as_source(target)}
        return await self.send(call_of("facecompare", _compared, params))

    async def facelookup(self, face: Source, crowd: Source) -> FaceSearch:
        """Look for a face among those of a crowd.

        Args:
            face: A picture of one face: a URL, a stored ``Media``, or one that is here.
            crowd: A picture of any number of faces.

        Raises:
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/cmd?id=facelookup
        """
        params = {"face": as_source(face), "crowd": as_source(crowd)}
        return await self.send(call_of("facelookup", _found, params))


_PLACE = ("left", "top", "width", "height")


def _rectangle(fields: Mapping[str, JSON]) -> Rectangle | None:
    from .._values import Rectangle  # noqa: PLC0415 - many programs never need it

    left, top, width, height = (whole(fields, name) for name in _PLACE)
    if left is None or top is None or width is None or height is None:
        return None

    return Rectangle(left, top, width, height)


def _of(success: Success, fields: Mapping[str, JSON]) -> Rectangle:
    """The rectangle that every face must have."""
    rectangle = _rectangle(fields)
    if rectangle is None:
        success.lacks("faces", "a list of objects with left, top, width and height")

    return rectangle


def _detected(success: Success) -> Faces[Face]:
    from .._faces import Face, Faces  # noqa: PLC0415 - the same

    faces: list[Face] = []
    for item in success.objects("faces"):
        given = item.get("face_id")
        known = given if isinstance(given, int | str) and not isinstance(given, bool) else None
        faces.append(Face(_of(success, item), known, rest(item, "face_id", *_PLACE)))
    return Faces(tuple(faces), success.beyond("faces"), success.meta)


def _counted(success: Success) -> Faces[Face]:
    from .._faces import Faces  # noqa: PLC0415 - the same

    return Faces((), success.beyond(), success.meta)


def _landmarked(success: Success) -> Faces[FaceLandmarks]:
    from .._faces import FaceLandmarks, Faces  # noqa: PLC0415 - the same

    faces = tuple(
        FaceLandmarks(
            _of(success, mapping(item, "rectangle")),
            dict(_points(mapping(item, "landmarks"))),
            rest(item, "rectangle", "landmarks"),
        )
        for item in success.objects("faces")
    )
    return Faces(faces, success.beyond("faces"), success.meta)


def _points(fields: Mapping[str, JSON], prefix: str = "") -> list[tuple[str, Point]]:
    """The places in a tree of objects, by their dotted names."""
    from .._values import Point  # noqa: PLC0415 - the same

    found: list[tuple[str, Point]] = []
    for name, value in fields.items():
        if isinstance(value, dict):
            x, y = number(value, "x"), number(value, "y")
            if x is not None and y is not None:
                found.append((f"{prefix}{name}", Point(x, y)))
            else:
                found += _points(value, f"{prefix}{name}.")
    return found


def _estimated(success: Success) -> Faces[FaceMotion]:
    from .._faces import FaceMotion, Faces  # noqa: PLC0415 - the same

    faces = tuple(
        FaceMotion(
            _of(success, mapping(item, "rectangle")),
            whole(item, "age"),
            text(item, "gender"),
            _emotions(item.get("emotion")),
            rest(item, "rectangle", "age", "gender", "emotion"),
        )
        for item in success.objects("faces")
    )
    return Faces(faces, success.beyond("faces"), success.meta)


def _emotions(value: JSON) -> tuple[Emotion, ...]:
    """The page has an object here, the sample programs a list of such objects."""
    from .._faces import Emotion  # noqa: PLC0415 - the same

    items = value if isinstance(value, list) else [value]
    return tuple(
        Emotion(state, number(item, "score"))
        for item in items
        if isinstance(item, dict) and (state := text(item, "state")) is not None
    )


def _compared(success: Success) -> FaceComparison:
    from .._faces import FaceComparison  # noqa: PLC0415 - the same

    return FaceComparison(
        success.truth("same_face"),
        number(success.fields, "confidence"),
        success.beyond("same_face", "confidence"),
        success.meta,
    )


def _found(success: Success) -> FaceSearch:
    from .._faces import FaceCandidate, FaceSearch  # noqa: PLC0415 - the same

    best = success.fields.get("best")
    candidate = None
    if isinstance(best, dict):
        candidate = FaceCandidate(
            number(best, "confidence"), _rectangle(mapping(best, "rectangle"))
        )
    return FaceSearch(
        success.truth("found"),
        number(success.fields, "confidence"),
        _rectangle(mapping(success.fields, "rectangle")),
        candidate,
        success.beyond("found", "confidence", "rectangle", "best"),
        success.meta,
    )
