"""Replies that are not as documented: a result where nothing vital is amiss, else one error.

Over real sockets, since the emulator answers what it is told. Replies are read by plain
functions, which know no event loop: one backend is enough.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import attrs
import pytest

from pixlab_async import (
    Answer,
    AsyncPixLab,
    Difference,
    Emotion,
    Face,
    FaceCandidate,
    Faces,
    InlinePicture,
    Media,
    Meta,
    Point,
    Rectangle,
    RetryPolicy,
    Tag,
    UnreadableReply,
    Word,
)
from pixlab_async.catalogue import catalogue
from pixlab_async.emulator import Emulator, Fault

from .samples import GROUPS, LINK, PIXELS, TYPED, arguments, promised

Answered = Callable[..., Awaitable[Any]]
CONTENT = base64.b64decode(PIXELS)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def answered(pixlab: AsyncPixLab, emulator: Emulator, picture: bytes) -> Answered:
    """Makes a method's least call, of which the reply is told: ``answered(name, fields)``."""
    link = (await pixlab.store(picture)).link
    once = pixlab.with_options(retry=RetryPolicy(attempts=1))

    async def call(name: str, fields: dict[str, Any], **more: Any) -> Any:
        emulator.when(name, fields)
        return await getattr(once, name)(**{**arguments(name, link, picture), **more})

    return call


def kept(result: Any) -> Any:
    """What a result keeps of the fields that nobody knows."""
    return result.fields if isinstance(result, Answer) else result.extra


# --- Every method -------------------------------------------------------------------------


@pytest.mark.parametrize("group", GROUPS)
async def test_the_fields_that_are_promised_suffice(answered: Answered, group: str) -> None:
    for name in GROUPS[group]:
        result = await answered(name, promised(name))

        assert result.meta.http_status == 200, name
        assert not kept(result).keys() - {"status", "output"}, name


@pytest.mark.parametrize("group", GROUPS)
async def test_fields_that_nobody_knows_are_kept(answered: Answered, group: str) -> None:
    news = {"brand-new": {"deep": [1, None, {"x": 2.5}]}, "note": "word"}

    for name in GROUPS[group]:
        result = await answered(name, {**promised(name), **news})

        assert {field: kept(result)[field] for field in news} == news, name


STRANGE: list[Any] = [None, True, -7, 1.5, 10**400, "", "?", [], {}, [None], {"a": [1]}]


@pytest.mark.parametrize("group", GROUPS)
async def test_an_optional_field_of_any_type_is_no_crash(answered: Answered, group: str) -> None:
    for name in GROUPS[group]:
        documented = {field.name for field in catalogue()[name].reply or ()}
        fields = {*documented, "id", "error", "extra", "meta"} - {"status", *promised(name)}
        for strange in STRANGE:
            result = await answered(name, {**promised(name), **dict.fromkeys(fields, strange)})

            assert isinstance(result.meta, Meta), (name, strange)


# By the type of a promised field's value.
WRONG: dict[type, list[Any]] = {
    str: ["", 7, True, ["word"]],
    bool: ["true", 1, 0, "yes"],
    int: ["words", True, [1], "nan"],
    float: ["words", True, [1], "nan", 10**400],
    list: ["words", {}, 7, True],
    dict: ["words", [], 7, True],
}
MAY_BE_EMPTY = {"describe", "ocr", "query", "seotag"}


@pytest.mark.parametrize("group", GROUPS)
async def test_a_promised_field_that_is_missing_or_wrong_is_named(
    answered: Answered, group: str
) -> None:
    for name in GROUPS[group]:
        for field, right in promised(name).items():
            for reply in _broken(name, field, right):
                with pytest.raises(UnreadableReply) as caught:
                    await answered(name, reply)

                assert (caught.value.field, caught.value.endpoint) == (field, name)


def _broken(name: str, field: str, right: object) -> Iterator[dict[str, Any]]:
    """The reply without the field, and with each wrong value in it."""
    whole = promised(name)
    yield {other: value for other, value in whole.items() if other != field}
    for wrong in (None, *WRONG[type(right)]):
        if wrong != "" or name not in MAY_BE_EMPTY:
            yield {**whole, field: wrong}


# --- Stored pictures ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "media_id"),
    [
        ({"link": LINK, "id": "other.png"}, "other.png"),
        ({"link": LINK}, "1p62f73c9583ec6.png"),
        ({"link": LINK, "id": ""}, "1p62f73c9583ec6.png"),
        ({"link": LINK, "id": 7}, "1p62f73c9583ec6.png"),
        ({"link": "https://bucket.example/"}, "https://bucket.example/"),
    ],
)
async def test_an_id_that_is_missing_is_the_links_last_part(
    answered: Answered, reply: dict[str, Any], media_id: str
) -> None:
    assert (await answered("flip", reply)).id == media_id


async def test_a_difference_is_media_too(answered: Answered) -> None:
    result = await answered("imgdiff", {"link": LINK, "diff": "0.25", "ssl_link": LINK})

    assert isinstance(result, Difference)
    assert isinstance(result, Media)
    assert (result.diff, result.id, result.extra) == (
        0.25,
        "1p62f73c9583ec6.png",
        {"ssl_link": LINK},
    )


# --- Numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reply", "facts"),
    [
        ("nsfw", {"score": "0.93"}, {"score": 0.93}),
        ("sfw", {"score": 1}, {"score": 1.0}),
        ("header", {"width": "640", "height": 480.0}, {"width": 640, "height": 480}),
        (
            "header",
            {"width": 1, "height": 1, "size": "99", "bits": True},
            {"size": 99, "bits": None},
        ),
        ("facecompare", {"same_face": True, "confidence": "0.5"}, {"confidence": 0.5}),
        ("facecompare", {"same_face": False, "confidence": "high"}, {"confidence": None}),
        ("imgembed", {"embedding": ["0.5", 1]}, {"embedding": (0.5, 1.0)}),
        ("imgembed", {"embedding": [], "id": 7}, {"embedding": (), "id": None}),
    ],
)
async def test_a_number_may_be_a_text(
    answered: Answered, name: str, reply: dict[str, Any], facts: dict[str, Any]
) -> None:
    result = await answered(name, reply)

    assert {field: getattr(result, field) for field in facts} == facts


@pytest.mark.parametrize("vector", [[1, None], [True], ["x"], [[1]], [10**400]])
async def test_a_vector_of_other_things_is_refused(answered: Answered, vector: list[Any]) -> None:
    with pytest.raises(UnreadableReply) as caught:
        await answered("imgembed", {"embedding": vector})

    assert caught.value.field == "embedding"


# --- Faces --------------------------------------------------------------------------------

PLACE = {"left": 1, "top": "2", "width": 3.5, "height": 4}
RECTANGLE = Rectangle(1, 2, 4, 4)


@pytest.mark.parametrize(
    ("given", "face_id"),
    [(3, 3), ("three", "three"), (None, None), ([3], None), (True, None)],
)
async def test_a_faces_id_is_a_number_or_a_text(
    answered: Answered, given: object, face_id: object
) -> None:
    result = await answered("facedetect", {"faces": [{**PLACE, "face_id": given, "new": 1}]})

    assert result == Faces((Face(RECTANGLE, face_id),))  # type: ignore[arg-type]  # a table's
    assert result.faces[0].extra == {"new": 1}


async def test_a_count_of_faces_comes_in_a_field_that_nobody_knows(answered: Answered) -> None:
    result = await answered("facedetect", {"how_many": 2}, count=True)

    assert (result.faces, result.extra) == ((), {"how_many": 2})


@pytest.mark.parametrize("name", ["facedetect", "facelandmarks", "facemotion"])
@pytest.mark.parametrize("strange", [{}, {"rectangle": 7}, {"left": None, "rectangle": {}}])
async def test_a_face_without_a_place_is_refused(
    answered: Answered, name: str, strange: dict[str, Any]
) -> None:
    with pytest.raises(UnreadableReply) as caught:
        await answered(name, {"faces": [strange]})

    assert caught.value.field == "faces"


@pytest.mark.parametrize("name", ["facedetect", "facelandmarks", "facemotion"])
async def test_a_list_of_faces_holds_objects(answered: Answered, name: str) -> None:
    with pytest.raises(UnreadableReply, match="a list of objects"):
        await answered(name, {"faces": ["face"]})


@pytest.mark.parametrize(
    ("emotion", "read"),
    [
        ({"state": "anger", "score": 0.7}, (Emotion("anger", 0.7),)),
        (
            [{"state": "anger", "score": "0.7"}, {"state": "fear"}],
            (Emotion("anger", 0.7), Emotion("fear")),
        ),
        ([{"state": "boredom", "score": None}], (Emotion("boredom"),)),
        ([{"score": 0.5}, "anger", None], ()),
        ("anger", ()),
        (None, ()),
        ([], ()),
    ],
)
async def test_emotions_come_as_an_object_or_as_a_list(
    answered: Answered, emotion: object, read: tuple[Emotion, ...]
) -> None:
    face = {"rectangle": PLACE, "emotion": emotion, "age": "31", "gender": "other"}

    result = await answered("facemotion", {"faces": [face]})

    (found,) = result.faces
    assert (found.emotion, found.age, found.gender, found.rectangle) == (
        read,
        31,
        "other",
        RECTANGLE,
    )


async def test_landmarks_have_dotted_names_however_deep(answered: Answered) -> None:
    marks = {
        "nose": {"x": 1, "y": 2},
        "eye": {"pupil_left": {"x": "3", "y": 4.5}, "deep": {"er": {"x": 5, "y": 6}}},
        "chin": {"x": 1},
        "mouth": None,
    }

    result = await answered("facelandmarks", {"faces": [{"rectangle": PLACE, "landmarks": marks}]})

    assert result.faces[0].landmarks == {
        "nose": Point(1, 2),
        "eye.pupil_left": Point(3, 4.5),
        "eye.deep.er": Point(5, 6),
    }


@pytest.mark.parametrize("marks", [None, [], "nose", 7])
async def test_landmarks_may_be_missing(answered: Answered, marks: object) -> None:
    result = await answered("facelandmarks", {"faces": [{"rectangle": PLACE, "landmarks": marks}]})

    assert result.faces[0].landmarks == {}


@pytest.mark.parametrize(
    ("best", "read"),
    [
        ({"confidence": "0.4", "rectangle": PLACE}, FaceCandidate(0.4, RECTANGLE)),
        ({"rectangle": {"left": 1}}, FaceCandidate()),
        ({}, FaceCandidate()),
        (None, None),
        ([], None),
    ],
)
async def test_the_nearest_candidate_may_be_told_or_not(
    answered: Answered, best: object, read: FaceCandidate | None
) -> None:
    result = await answered("facelookup", {"found": False, "best": best, "rectangle": "none"})

    assert (result.best, result.rectangle) == (read, None)


# --- Texts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "field", "attribute"),
    [
        ("describe", "description", "text"),
        ("query", "response", "text"),
        ("seotag", "tag", "text"),
        ("ocr", "output", "output"),
    ],
)
async def test_a_text_may_be_empty(
    answered: Answered, name: str, field: str, attribute: str
) -> None:
    assert getattr(await answered(name, {field: ""}), attribute) == ""


async def test_words_without_a_place_are_words_all_the_same(answered: Answered) -> None:
    boxes = [
        {"word": "one", "x": 1, "y": 2, "w": 3, "h": "4"},
        {"word": "two", "x": 1},
        {"x": 1, "y": 2, "w": 3, "h": 4},
        "three",
    ]

    result = await answered("ocr", {"output": "one two", "lang": 7, "bbox": boxes})

    assert result.words == (Word("one", Rectangle(1, 2, 3, 4)), Word("two"))
    assert result.lang is None


async def test_tags_keep_their_order_and_what_is_new_in_them(answered: Answered) -> None:
    tags = [{"name": "sea", "confidence": "0.9", "hue": "blue"}, {"name": "sky"}, {"hue": "red"}]

    result = await answered("tagimg", {"tags": tags})

    assert result.tags == (Tag("sea", 0.9), Tag("sky"))
    assert result.tags[0].extra == {"hue": "blue"}


# --- Documents ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["finalCheckDigit", "finalcheckDigit"])
async def test_a_check_digit_is_found_under_both_of_its_names(
    answered: Answered, name: str
) -> None:
    result = await answered("docscan", {"fields": {name: "4"}})

    assert result.final_check_digit == "4"


@pytest.mark.parametrize("fields", [{}, {"finalCheckDigit": 4}])
async def test_a_check_digit_that_is_no_text_is_none(
    answered: Answered, fields: dict[str, Any]
) -> None:
    assert (await answered("docscan", {"fields": fields})).final_check_digit is None


@pytest.mark.parametrize(
    ("given", "url", "face"),
    [
        (LINK, LINK, None),
        ("http://bucket.example/f.png", "http://bucket.example/f.png", None),
        (PIXELS, None, CONTENT),
        (f"data:image/png;base64,{PIXELS}", None, CONTENT),
        (False, None, None),
        (None, None, None),
        ("", None, None),
        ("no face!", None, None),
        (7, None, None),
    ],
)
async def test_a_documents_face_is_a_link_or_bytes_or_nothing(
    answered: Answered, given: object, url: str | None, face: bytes | None
) -> None:
    result = await answered("docscan", {"fields": {"fullName": "A"}, "face_url": given})

    assert (result.face_url, result.face) == (url, face)


# --- Pictures within the reply ------------------------------------------------------------


@pytest.mark.parametrize("name", ["bgremove", "txtremove", "imgtranslate"])
@pytest.mark.parametrize(
    ("reply", "picture_told"),
    [
        (
            {"imgData": PIXELS, "mimeType": "image/png", "extension": "png"},
            InlinePicture(CONTENT, "image/png", "png"),
        ),
        ({"imgData": f"data:image/png;base64,{PIXELS}"}, InlinePicture(CONTENT)),
        ({"imgData": f"{PIXELS[:4]}\n{PIXELS[4:]}", "mimeType": 7}, InlinePicture(CONTENT)),
        ({"link": LINK, "mimeType": "image/png"}, InlinePicture(None, "image/png", link=LINK)),
        ({"link": LINK, "imgData": False}, InlinePicture(None, link=LINK)),
    ],
)
async def test_a_picture_comes_as_base64_or_as_a_link(
    answered: Answered, name: str, reply: dict[str, Any], picture_told: InlinePicture
) -> None:
    assert await answered(name, reply) == picture_told


@pytest.mark.parametrize("name", ["bgremove", "txtremove", "imgtranslate"])
async def test_a_picture_comes_as_bytes_too(
    answered: Answered, emulator: Emulator, name: str
) -> None:
    emulator.inject(Fault(endpoint=name, body=CONTENT, media_type="image/webp"))

    assert await answered(name, {}) == InlinePicture(CONTENT, "image/webp")


@pytest.mark.parametrize("name", ["bgremove", "txtremove", "imgtranslate"])
async def test_base64_that_is_none_is_refused(answered: Answered, name: str) -> None:
    with pytest.raises(UnreadableReply) as caught:
        await answered(name, {"imgData": "not base64!"})

    assert caught.value.field == "imgData"


async def test_a_translation_in_a_form_that_nobody_knows_is_kept(answered: Answered) -> None:
    result = await answered("imgtranslate", {"translated": {"en": "cat"}, "job": 7})

    assert (result.content, result.link) == (None, None)
    assert result.extra == {"translated": {"en": "cat"}, "job": 7}


# --- The rest -----------------------------------------------------------------------------


async def test_what_a_language_model_answers_is_kept_whole(answered: Answered) -> None:
    reply = {"choices": [{"message": {"role": "assistant", "content": "42"}}], "usage": None}

    assert (await answered("answer", reply)).fields == {**reply, "status": 200}


async def test_results_are_plain_values(answered: Answered) -> None:
    """Frozen, comparable, and without anything of the call in what is compared."""
    for name in TYPED:
        first, second = [await answered(name, promised(name)) for _ in range(2)]

        assert first == second
        assert first is not second
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            first.meta = None
