"""What cannot be computed honestly is refused, until a test says what to answer."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from pixlab_async.catalogue import catalogue
from pixlab_async.emulator import Emulator

from ..conftest import PLAIN
from .calling import Calls, opened


@pytest.mark.parametrize(
    "endpoint",
    ["nsfw", "facedetect", "ocr", "tagimg", "describe", "removebg", "colorize", "screencapture"],
)
def test_what_cannot_be_computed_says_how_to_have_it_answered(
    calls: Calls, black: str, endpoint: str
) -> None:
    reply = calls.get(endpoint, img=black)

    assert (reply.status_code, reply.json()["status"]) == (501, 501)
    assert f"emulator.when('{endpoint}', ...)" in reply.json()["error"]


def test_an_endpoint_known_by_name_only_says_so(calls: Calls) -> None:
    assert "nothing of it but its name" in calls.get("emboss").json()["error"]


def test_an_endpoint_that_does_not_exist_says_so(calls: Calls) -> None:
    reply = calls.get("embellish")

    assert reply.status_code == 501
    assert "knows no such endpoint" in reply.json()["error"]


def test_what_was_told_is_answered_with_status_200(
    calls: Calls, emulator: Emulator, black: str
) -> None:
    emulator.when("nsfw", score=0.9)

    assert calls.get("nsfw", img=black).json() == {"status": 200, "score": 0.9}


def test_names_that_are_no_words_of_python_come_in_a_mapping(
    calls: Calls, emulator: Emulator, black: str
) -> None:
    emulator.when("tagimg", {"the-tags": []}, tags=[{"name": "sky"}])

    expected = {"status": 200, "the-tags": [], "tags": [{"name": "sky"}]}
    assert calls.get("tagimg", img=black).json() == expected


def test_what_was_told_is_a_copy(calls: Calls, emulator: Emulator, black: str) -> None:
    faces: list[dict[str, int]] = [{"left": 1}]
    emulator.when("facedetect", faces=faces)
    faces.clear()

    assert calls.get("facedetect", img=black).json()["faces"] == [{"left": 1}]


def test_what_is_computed_can_be_told_too(calls: Calls, emulator: Emulator, black: str) -> None:
    emulator.when("header", width=7)

    assert calls.get("header", img=black).json() == {"status": 200, "width": 7}


def test_what_is_known_by_name_only_can_be_told(calls: Calls, emulator: Emulator) -> None:
    emulator.when("emboss", link="somewhere")

    assert calls.post("emboss", anything=1).json() == {"status": 200, "link": "somewhere"}


def test_a_language_model_is_told_on_the_same_server(calls: Calls, emulator: Emulator) -> None:
    emulator.when("coder", output="print()")

    assert calls.post("coder", messages=[{"role": "user"}]).json()["output"] == "print()"


def test_requests_are_checked_all_the_same(calls: Calls, emulator: Emulator, black: str) -> None:
    emulator.when("facecompare", confidence=1.0)

    assert calls.get("facecompare", src=black).status_code == 400
    assert calls.get("facecompare", src=black, target="http://127.0.0.1:1/").status_code == 404
    params = {"src": black, "target": black, "key": "wrong"}
    assert calls.client.get("/facecompare", params=params).status_code == 401
    assert calls.client.put("/facecompare").status_code == 405


def test_an_address_of_a_page_is_not_fetched(calls: Calls, emulator: Emulator) -> None:
    emulator.when("screencapture", link="shot")

    assert calls.get("screencapture", url="http://127.0.0.1:1/").json()["link"] == "shot"


def test_a_told_picture_comes_as_bytes_where_bytes_are_asked_for(
    calls: Calls, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("bgremove", imgData=base64.b64encode(picture).decode(), mimeType="image/png")

    reply = calls.upload("bgremove", picture, blob=True)

    assert reply.headers["content-type"] == "image/png"
    assert opened(reply).size == (24, 16)


def test_a_told_picture_that_is_no_base64_is_a_bad_request(
    calls: Calls, emulator: Emulator, black: str
) -> None:
    emulator.when("bgremove", imgData="!")

    assert calls.get("bgremove", img=black, blob=True).status_code == 400
    assert calls.get("bgremove", img=black).json()["imgData"] == "!"


def test_none_forgets_what_was_told(calls: Calls, emulator: Emulator, black: str) -> None:
    emulator.when("nsfw", score=0.9)
    emulator.when("nsfw", None)

    assert calls.get("nsfw", img=black).status_code == 501


def test_clear_forgets_what_was_told(calls: Calls, emulator: Emulator) -> None:
    emulator.when("emboss", link="somewhere")
    emulator.clear()

    assert calls.get("emboss").status_code == 501


def test_an_emulator_can_be_told_before_it_runs(picture: bytes) -> None:
    emulator = Emulator()
    emulator.when("nsfw", score=0.1)
    with emulator, httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
        assert Calls(emulator, client).upload("nsfw", picture).json()["score"] == 0.1


def test_an_endpoint_that_does_not_exist_cannot_be_told(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="'nswf'; did you mean 'nsfw'"):
        emulator.when("nswf", score=1)
    with pytest.raises(ValueError, match="no endpoint 'zzzzzzzz'$"):
        emulator.when("zzzzzzzz", score=1)


def test_what_json_cannot_say_cannot_be_told(emulator: Emulator) -> None:
    with pytest.raises(TypeError):
        emulator.when("nsfw", score=object())


def test_none_and_fields_together_are_an_error(emulator: Emulator) -> None:
    with pytest.raises(TypeError, match="None to forget"):
        emulator.when("nsfw", None, score=1)


@pytest.mark.parametrize("name", list(catalogue()))
def test_every_endpoint_is_answered_in_the_services_form(calls: Calls, name: str) -> None:
    reply: Any = calls.get(name).json()

    assert reply["status"] in (200, 400, 405, 501)
    assert (reply["status"] == 200) == ("error" not in reply)
