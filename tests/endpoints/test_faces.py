"""Faces: found, estimated, compared; and passed on as they are."""

from __future__ import annotations

from typing import Any

from PIL import Image

from pixlab_async import (
    AsyncPixLab,
    Emotion,
    Face,
    FaceCandidate,
    FaceComparison,
    FaceLandmarks,
    FaceMotion,
    FaceSearch,
    Point,
    Rectangle,
)
from pixlab_async.emulator import Emulator

from .images import opened, written

PLACE: dict[str, Any] = {"left": 4, "top": 2, "width": 6, "height": 5}
RECTANGLE = Rectangle(4, 2, 6, 5)
BLACK = written(Image.new("RGB", (24, 16)))


def edge_of(image: Image.Image) -> tuple[int, int, int, int] | None:
    """The smallest rectangle around what is not black."""
    return image.convert("L").getbbox()


async def test_facedetect_tells_where_each_face_is(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("facedetect", faces=[{"face_id": 1, **PLACE}, {"face_id": "b", **PLACE}])

    found = await pixlab.facedetect(picture)

    assert found.faces == (Face(RECTANGLE, 1), Face(RECTANGLE, "b"))
    assert emulator.received[-1].params == {}


async def test_facedetect_may_count_instead(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("facedetect", count=3)

    found = await pixlab.facedetect(picture, count=True)

    assert (found.faces, found.extra) == ((), {"count": 3})
    assert emulator.received[-1].params == {"count": "true"}


async def test_no_face_is_an_empty_result(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("facedetect", faces=[])

    assert (await pixlab.facedetect(picture, count=False)).faces == ()


async def test_facelandmarks_tells_where_the_parts_are(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    landmarks = {"nose": {"x": 7, "y": 4}, "eye": {"pupil_left": {"x": 5.5, "y": 3}}}
    emulator.when("facelandmarks", faces=[{"rectangle": PLACE, "landmarks": landmarks}])

    found = await pixlab.facelandmarks(picture)

    parts = {"nose": Point(7, 4), "eye.pupil_left": Point(5.5, 3)}
    assert found.faces == (FaceLandmarks(RECTANGLE, parts),)


async def test_facemotion_estimates(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    face = {"age": 30, "gender": "female", "emotion": {"state": "fear", "score": 0.6}}
    emulator.when("facemotion", faces=[{"rectangle": PLACE, **face}])

    found = await pixlab.facemotion(picture)

    assert found.faces == (FaceMotion(RECTANGLE, 30, "female", (Emotion("fear", 0.6),)),)


async def test_facecompare_judges_two_pictures(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("facecompare", same_face=True, confidence=0.8)

    compared = await pixlab.facecompare(await pixlab.store(picture), picture)

    assert compared == FaceComparison(same_face=True, confidence=0.8)


async def test_facelookup_finds_a_face_in_a_crowd(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("facelookup", found=True, confidence=0.8, rectangle=PLACE)

    assert await pixlab.facelookup(picture, crowd=picture) == FaceSearch(True, 0.8, RECTANGLE)


async def test_facelookup_names_the_nearest_where_none_is_found(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("facelookup", found=False, best={"confidence": 0.3, "rectangle": PLACE})

    searched = await pixlab.facelookup(picture, picture)

    assert searched == FaceSearch(found=False, best=FaceCandidate(0.3, RECTANGLE))


async def test_faces_that_are_found_can_be_framed(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.when("facedetect", faces=[PLACE])
    found = await pixlab.facedetect(BLACK)

    framed = await pixlab.blob.drawrectangles(BLACK, found.faces, strokewidth=1)

    assert edge_of(opened(framed.content)) == (4, 2, 10, 7)


async def test_faces_of_every_kind_can_be_blurred(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.when("facemotion", faces=[{"rectangle": PLACE}])
    emulator.when("facelandmarks", faces=[{"rectangle": PLACE}])
    faces: list[Any] = [
        *(await pixlab.facemotion(BLACK)).faces,
        *(await pixlab.facelandmarks(BLACK)).faces,
        {"face_id": 1, **PLACE},
        {"rectangle": PLACE, "age": 30},
        {"x": 4, "y": 2, "width": 6, "height": 5},
    ]

    await pixlab.blob.mogrify(BLACK, faces)

    sent = next(one for one in reversed(emulator.received) if one.endpoint == "mogrify")
    assert sent.params["cord"] == [PLACE] * 5
