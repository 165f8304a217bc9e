"""Results in their two forms: lines for people, and the fields of a JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import singledispatch
from typing import Any, Protocol, cast

import attrs

from .._faces import Face, FaceComparison, FaceLandmarks, FaceMotion, Faces, FaceSearch
from .._results import JSON, Answer, Blob, Media, Meta
from .._shapes import (
    Difference,
    DocumentScan,
    Embedding,
    GeneratedText,
    InlinePicture,
    Job,
    RecognizedText,
    Rendering,
    Score,
    Tags,
)
from .._values import Rectangle
from .._wording import in_line
from ._output import facts

# Fields that are not shown, since they are bytes: their length is.
_BYTES = {"content", "face"}


class Told(Protocol):
    """Every result: it has the facts of its call."""

    @property
    def meta(self) -> Meta: ...


def fields_of(result: Told) -> dict[str, JSON]:
    """Every field of the result, and the facts of the call."""
    left: list[JSON] = [media.link for media in result.meta.left_stored]
    return {**_object(result), **facts(result.meta), "left_stored": left}


def plain(value: object) -> JSON:
    """The value as JSON has it."""
    if attrs.has(type(value)):
        return _object(value)

    if isinstance(value, Enum):
        return plain(value.value)

    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(name): plain(item) for name, item in items}

    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in cast("Sequence[object]", value)]

    return cast("JSON", value)


def _object(value: object) -> dict[str, JSON]:
    """The fields of one of our classes."""
    found: dict[str, JSON] = {}
    for field in attrs.fields(cast("type[attrs.AttrsInstance]", type(value))):
        item: object = getattr(value, field.name)
        if field.name in _BYTES:
            found[f"{field.name}_bytes"] = len(item) if isinstance(item, bytes) else None
        elif not isinstance(item, Meta):
            found[field.name] = plain(item)
    return found


def text_of(result: Told) -> str:
    """The result in lines for people."""
    return _text(result).expandtabs()


@singledispatch
def _text(result: Any) -> str:
    """Of a result without a rule of its own: each field that there is."""
    return _named({**_object(result), **_extra(result)})


@_text.register
def _(result: Media) -> str:
    return in_line(result.link)


@_text.register
def _(result: Difference) -> str:
    link = in_line(result.link)
    return link if result.diff is None else f"{link}\nDifference: {result.diff:g}"


@_text.register
def _(result: Blob | InlinePicture) -> str:
    link = getattr(result, "link", None)
    if link is not None:
        return in_line(str(link))

    if result.content is None:
        return _named(_extra(result))

    return f"{result.media_type or 'A picture'}, {len(result.content):,} bytes"


@_text.register
def _(result: Score) -> str:
    return f"{result.score:g}"


@_text.register
def _(result: Tags) -> str:
    return "\n".join(
        in_line(tag.name) if tag.confidence is None else f"{in_line(tag.name)}  {tag.confidence:g}"
        for tag in result.tags
    )


@_text.register
def _(result: GeneratedText) -> str:
    return result.text


@_text.register
def _(result: RecognizedText) -> str:
    return result.output


@_text.register
def _(result: Answer) -> str:
    return json.dumps(plain(result.fields), indent=2, ensure_ascii=False)


@_text.register
def _(result: Embedding) -> str:
    return json.dumps(result.embedding)


@_text.register
def _(result: Job) -> str:
    return in_line(result.job_id)


@_text.register
def _(result: Rendering) -> str:
    return in_line(result.url)


@_text.register
def _(result: DocumentScan) -> str:
    fields = {"type": result.type, **result.fields, "face_url": result.face_url}
    return _named({**fields, "mrz_raw_text": result.mrz_raw_text})


@_text.register
def _(result: FaceComparison) -> str:
    return _sure("The same person" if result.same_face else "Different persons", result.confidence)


@_text.register
def _(result: FaceSearch) -> str:
    if result.found:
        place = f": {_place(result.rectangle)}" if result.rectangle else ""
        return _sure(f"Found{place}", result.confidence)

    if result.best is None:
        return _sure("Not found", result.confidence)

    place = f": {_place(result.best.rectangle)}" if result.best.rectangle else ""
    return _sure(f"Not found, but a nearest face{place}", result.best.confidence)


@_text.register(Faces)
def _(result: Faces[Any]) -> str:
    if not result.faces:
        return _named(_extra(result)) or "No face was found."

    return "\n".join(f"{n}  {_face(face)}" for n, face in enumerate(result.faces, start=1))


def _face(face: Face | FaceLandmarks | FaceMotion) -> str:
    parts = [_place(face.rectangle)]
    if isinstance(face, FaceLandmarks):
        parts += [f"{name} {point.x:g},{point.y:g}" for name, point in face.landmarks.items()]
    elif isinstance(face, FaceMotion):
        parts += [] if face.age is None else [f"age {face.age}"]
        parts += [] if face.gender is None else [face.gender]
        parts += [_scored(each.state, each.score) for each in face.emotion]
    return "; ".join(parts)


def _place(rectangle: Rectangle) -> str:
    return (
        f"{rectangle.width:g} x {rectangle.height:g} pixels at x {rectangle.x:g}, y {rectangle.y:g}"
    )


def _scored(name: str, score: float | None) -> str:
    return name if score is None else f"{name} {score:g}"


def _sure(sentence: str, confidence: float | None) -> str:
    return sentence if confidence is None else f"{sentence} (confidence {confidence:g})"


def _extra(result: Any) -> dict[str, JSON]:
    return dict(result.extra)


def _named(fields: Mapping[str, JSON]) -> str:
    """A line for each field that says something."""
    return "\n".join(
        f"{in_line(name)}: {value if isinstance(value, str) else _json(value)}"
        for name, value in fields.items()
        if value is not None and value != {} and name != "extra"
    )


def _json(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False)
