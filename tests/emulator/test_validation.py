"""Requests are held against the catalogue before anything is computed."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from PIL import Image

from pixlab_async.emulator import Emulator

from ..conftest import PLAIN
from .calling import Calls, opened

IMG = "http://127.0.0.1:1/never-fetched.png"
LINE = {"startx": 0, "starty": 0, "endx": 9, "endy": 9}


@pytest.mark.parametrize(
    ("endpoint", "parameters", "reason"),
    [
        ("blur", {"radius": 1, "sigma": 1}, "the required parameter 'img' is missing"),
        ("blur", {"img": IMG, "radius": 1}, "the required parameter 'sigma' is missing"),
        (
            "blur",
            {"img": IMG, "radius": 101, "sigma": 1},
            "'radius' must be a number from 0 to 100",
        ),
        ("blur", {"img": IMG, "radius": -1, "sigma": 1}, "'radius' must be a number from 0 to 100"),
        ("blur", {"img": IMG, "radius": "nan", "sigma": 1}, "'radius' must be a number"),
        ("blur", {"img": IMG, "radius": "", "sigma": 1}, "'radius' is missing"),
        ("gamma", {"img": IMG, "gamma": 11}, "'gamma' must be a number up to 10"),
        ("scale", {"img": IMG, "scale": 501}, "'scale' must be a whole number from 1 to 500"),
        ("scale", {"img": IMG, "scale": 2.5}, "'scale' must be a whole number"),
        ("roll", {"img": IMG, "x": 10**12, "y": 0}, "'x' must be a whole number"),
        ("resize", {"img": IMG}, "one of the parameters 'width', 'height' is required"),
        ("resize", {"img": IMG, "width": -5}, "'width' must be a whole number from 0 on"),
        ("drawtext", {"img": IMG, "top": ""}, "one of the parameters 'top', 'center', 'bottom'"),
        ("noise", {"img": IMG, "noise": 8}, "'noise' must be one of 1, 2, 3, 4, 5, 6, 7"),
        ("pdftoimg", {"src": IMG, "export": "xyz"}, "'xyz' is none that is written"),
        ("newimage", {"width": 5, "color": "blurple"}, "'blurple' is none"),
        ("newimage", {"width": 5, "color": "rgb(1,2,3)"}, "'rgb(1,2,3)' is none"),
        ("newimage", {"width": 5, "blob": "perhaps"}, "'blob' must be true or false"),
    ],
)
def test_a_parameter_that_is_not_as_documented_is_named(
    calls: Calls, endpoint: str, parameters: dict[str, Any], reason: str
) -> None:
    reply = calls.get(endpoint, **parameters)

    assert (reply.status_code, reply.json()["status"]) == (400, 400)
    assert reason in reply.json()["error"]


@pytest.mark.parametrize(
    ("endpoint", "parameters", "reason"),
    [
        ("blur", {"img": 5, "radius": 1, "sigma": 1}, "'img' must be the address of a file"),
        ("blur", {"img": IMG, "radius": True, "sigma": 1}, "'radius' must be a number"),
        ("blur", {"img": IMG, "radius": [1], "sigma": 1}, "'radius' must be a number"),
        ("blur", {"img": IMG, "radius": 10**400, "sigma": 1}, "'radius' must be a number"),
        ("decrypt", {"img": IMG, "pwd": ["a"]}, "'pwd' must be a text"),
        ("pdfgen", {"input": "a", "format": "docx"}, "one of markdown, html, plaintext"),
        ("pdfgen", {"input": "a", "format": ["html"]}, "one of markdown, html, plaintext"),
        ("drawlines", {"img": IMG, "lines": LINE}, "'lines' must be a JSON list"),
        ("drawlines", {"img": IMG, "lines": "[1"}, "'lines' must be a JSON list"),
        ("drawlines", {"img": IMG, "lines": [5]}, "'lines[0]' must be a JSON object"),
        ("drawlines", {"img": IMG, "lines": [LINE, {}]}, "'lines[1].startx' is missing"),
        ("drawlines", {"img": IMG, "lines": [LINE | {"endx": "far"}]}, "'lines[0].endx' must be"),
        ("drawlines", {"img": IMG, "lines": [LINE | {"color": "x"}]}, "'lines[0].color' must be"),
        ("mogrify", {"img": IMG, "cord": [{"x": 1, "y": 1, "width": -1, "height": 1}]}, "from 0"),
    ],
)
def test_a_json_value_that_is_not_as_documented_is_named(
    calls: Calls, endpoint: str, parameters: dict[str, Any], reason: str
) -> None:
    reply = calls.post(endpoint, **parameters)

    assert (reply.status_code, reply.json()["status"]) == (400, 400)
    assert reason in reply.json()["error"]


def test_numbers_and_truths_may_be_texts_in_json(calls: Calls, black: str) -> None:
    reply = calls.post("scale", img=black, scale="50", blob="True")

    assert opened(reply).size == (50, 30)


def test_a_number_may_be_a_text_where_one_is_wanted(calls: Calls, black: str) -> None:
    assert calls.post("encrypt", img=black, pwd=1234).status_code == 200


def test_false_is_false(calls: Calls, black: str) -> None:
    assert "link" in calls.get("flip", img=black, blob="0").json()


def test_unknown_parameters_are_ignored(calls: Calls, black: str) -> None:
    assert calls.get("flip", img=black, rad=3).status_code == 200


def test_a_list_is_json_text_in_a_form(calls: Calls, black: str) -> None:
    reply = calls.form("drawpoints", img=black, points=[{"x": 1, "y": 1}])

    assert reply.json()["status"] == 200


def test_an_upload_where_none_is_taken_is_sent_to_store(calls: Calls, picture: bytes) -> None:
    reply = calls.upload("mogrify", picture, cord=[])

    assert reply.status_code == 415
    assert "'store' first" in reply.json()["error"]


def test_a_json_object_where_none_is_taken_is_a_bad_request(calls: Calls) -> None:
    reply = calls.post("store", comment="a")

    assert reply.status_code == 400
    assert "takes no JSON object" in reply.json()["error"]


def test_methods_are_as_documented(calls: Calls) -> None:
    assert calls.get("mogrify").status_code == 405
    assert calls.post("newimage", width=1).status_code == 405


def test_a_font_that_is_not_in_the_list_may_be_ones_own(calls: Calls, black: str) -> None:
    assert calls.get("drawtext", img=black, top="a", font="corporate").status_code == 200


@pytest.mark.parametrize(
    ("endpoint", "parameters"),
    [
        ("newimage", {"width": 100_000}),
        ("pixelgenerate", {"width": 100_000, "height": 100_000}),
        ("magnify", {}),
        ("resize", {"width": 2_000_000_000}),
    ],
)
def test_a_result_of_too_many_pixels_is_refused_before_it_is_computed(
    calls: Calls, endpoint: str, parameters: dict[str, Any]
) -> None:
    link = calls.stored(Image.new("1", (5000, 5000)))

    reply = calls.get(endpoint, img=link, **parameters)

    assert reply.status_code == 400
    assert "pixels" in reply.json()["error"]


def test_a_format_is_understood_in_small_letters_and_by_its_short_name(calls: Calls) -> None:
    reply = calls.get("newimage", width=4, export="jpg")

    assert reply.json()["id"].endswith(".jpeg")


def test_a_failure_of_the_emulator_itself_is_told_in_the_services_form(picture: bytes) -> None:
    with Emulator() as emulator, httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
        emulator._running().store.folder.rmdir()
        reply = Calls(emulator, client).upload("store", picture)

    assert (reply.status_code, reply.json()["status"]) == (500, 500)
    assert "FileNotFoundError" in reply.json()["error"]
