"""What the endpoints for faces return; see ``_shapes``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from attrs import field, frozen

from ._results import JSON, Meta
from ._values import Point, Rectangle

F = TypeVar("F", "Face", "FaceLandmarks", "FaceMotion")

_NO_META = Meta()


@frozen
class Face:
    """Where a face is.

    Attributes:
        rectangle: Its place, in pixels.
        face_id: The service's number or name of it.
        extra: Fields of the reply that are not documented.
    """

    rectangle: Rectangle
    face_id: int | str | None = None
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)


@frozen
class FaceLandmarks:
    """Where a face and its parts are.

    Attributes:
        rectangle: Its place, in pixels.
        landmarks: The parts by their dotted names, such as "nose" or "eye.pupil_left".
        extra: Fields of the reply that are not documented.
    """

    rectangle: Rectangle
    landmarks: Mapping[str, Point]
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)


@frozen
class Emotion:
    """A state of mind that a face shows.

    Attributes:
        state: anger, contempt, disgust, fear, happiness, neutral, sadness or surprise.
        score: How strongly; its range is not documented. None where it is not given.
    """

    state: str
    score: float | None = None


@frozen
class FaceMotion:
    """A face, and whose it may be.

    Attributes:
        rectangle: Its place, in pixels.
        age: Estimated years.
        gender: "male" or "female", as estimated.
        emotion: States of mind; one where the reply has an object, else its list.
        extra: Fields of the reply that are not documented.
    """

    rectangle: Rectangle
    age: int | None = None
    gender: str | None = None
    emotion: tuple[Emotion, ...] = ()
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)


@frozen
class Faces(Generic[F]):
    """The faces of a picture.

    Attributes:
        faces: What was found of each; empty where there is none.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    faces: tuple[F, ...]
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=_NO_META, eq=False)


@frozen
class FaceComparison:
    """Whether two faces are one person's.

    Attributes:
        same_face: The service's judgement.
        confidence: 0 to 1; nearer to 1 means more alike.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    same_face: bool
    confidence: float | None = None
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=_NO_META, eq=False)


@frozen
class FaceCandidate:
    """The face of a crowd that comes nearest.

    Attributes:
        confidence: 0 to 1; nearer to 1 means more alike.
        rectangle: Its place, in pixels.
    """

    confidence: float | None = None
    rectangle: Rectangle | None = None


@frozen
class FaceSearch:
    """Whether a face is in a crowd.

    Attributes:
        found: The service's judgement.
        confidence: 0 to 1; nearer to 1 means more alike.
        rectangle: Where it is, in pixels; None where it was not found.
        best: The nearest candidate, where it was not found.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    found: bool
    confidence: float | None = None
    rectangle: Rectangle | None = None
    best: FaceCandidate | None = None
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=_NO_META, eq=False)
