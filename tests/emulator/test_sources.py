"""Where the files of a request come from."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from pixlab_async.emulator import Emulator

from ..conftest import PLAIN
from ..scripted import http, serve
from .calling import Calls, gif, opened

NOWHERE = "http://127.0.0.1:1/none.png"


def hollow(emulator: Emulator, folder: Path, megabytes: int) -> str:
    """A link to a file of that size, put into the emulator's folder."""
    name = "1p0000000000000.png"
    with (folder / name).open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    return f"{emulator.base_url}/media.pixlab.xyz/{name}"


def test_a_picture_may_be_uploaded(calls: Calls, picture: bytes) -> None:
    assert opened(calls.upload("rotate", picture, degree=90, blob=1)).size == (16, 24)


def test_a_picture_may_be_named_by_its_id(calls: Calls, black: str) -> None:
    media_id = black.rpartition("/")[2]

    assert opened(calls.get("flip", img=media_id, blob=True)).size == (100, 60)


def test_an_unknown_id_is_not_found(calls: Calls) -> None:
    assert calls.get("flip", img="1p0000000000000.png").status_code == 404


def test_a_link_of_ones_own_to_nothing_is_not_found(calls: Calls) -> None:
    link = f"{calls.emulator.base_url}/media.pixlab.xyz/1p0000000000000.png"

    reply = calls.get("flip", img=link)

    assert reply.status_code == 404
    assert "nothing is stored at the address in 'img'" in reply.json()["error"]


@pytest.mark.parametrize(
    ("endpoint", "parameters", "place"),
    [
        ("imgdiff", {"src": "BLACK", "target": NOWHERE}, "'target'"),
        ("gifcomposite", {"img": "BLACK", "composite": NOWHERE, "x": 0, "y": 0}, "'composite'"),
        ("pdftoimg", {"src": NOWHERE}, "'src'"),
        ("copy", {"link": NOWHERE}, "'img'"),
    ],
)
def test_a_file_that_cannot_be_had_is_named(
    calls: Calls, black: str, endpoint: str, parameters: dict[str, Any], place: str
) -> None:
    parameters = {n: black if v == "BLACK" else v for n, v in parameters.items()}

    reply = calls.get(endpoint, **parameters)

    assert reply.status_code == 404
    assert place in reply.json()["error"]


def test_a_lists_entry_that_cannot_be_had_is_named(calls: Calls, black: str) -> None:
    reply = calls.post("makegif", frames=[{"img": black}, {"img": NOWHERE}])

    assert reply.status_code == 404
    assert "'frames[1].img'" in reply.json()["error"]


def test_files_of_another_host_are_fetched(calls: Calls) -> None:
    with Emulator() as other, httpx.Client(base_url=other.base_url, verify=PLAIN) as client:
        theirs = Calls(other, client)
        links = [theirs.stored(Image.new("RGB", (8, 8), name)) for name in ("red", "blue")]
        reply = calls.post("makegif", frames=[{"img": link} for link in links])

    assert calls.linked(reply).size == (8, 8)


def test_a_file_of_another_host_that_is_too_large_is_refused(calls: Calls, tmp_path: Path) -> None:
    with Emulator(tmp_path) as other:
        link = hollow(other, tmp_path, 65)
        reply = calls.get("flip", img=link)

    assert reply.status_code == 400
    assert "too large" in reply.json()["error"]


def test_files_that_are_too_large_together_are_refused(tmp_path: Path) -> None:
    with (
        Emulator(tmp_path) as emulator,
        httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client,
    ):
        frame = {"img": hollow(emulator, tmp_path, 50)}
        reply = Calls(emulator, client).post("makegif", frames=[frame, frame, frame])

    assert reply.status_code == 400
    assert "too large together" in reply.json()["error"]


def test_certificates_are_loaded_once_however_often_it_fetches(
    calls: Calls, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[ssl.SSLContext] = []
    load = ssl.create_default_context

    def counted(*args: Any, **options: Any) -> ssl.SSLContext:
        loaded.append(load(*args, **options))
        return loaded[-1]

    monkeypatch.setattr(ssl, "create_default_context", counted)
    with serve([http(picture)] * 3) as elsewhere:
        replies = [calls.get("flip", img=f"{elsewhere.base_url}/a.png") for _ in range(3)]

    assert [reply.status_code for reply in replies] == [200] * 3
    assert len(loaded) <= 1


def test_what_is_no_picture_is_unsupported(calls: Calls) -> None:
    reply = calls.upload("flip", b"words")

    assert (reply.status_code, reply.json()["status"]) == (415, 415)


def test_a_gif_stays_a_gif(calls: Calls) -> None:
    reply = calls.upload("border", gif("red", "blue"), width=2)

    assert reply.json()["id"].endswith(".gif")


def test_a_copy_has_a_name_of_its_own(calls: Calls, black: str) -> None:
    reply = calls.get("copy", link=black)

    assert reply.json()["link"] != black
    assert calls.linked(reply).size == (100, 60)
    assert len(calls.emulator.stored()) == 2


def test_a_stored_id_can_be_copied(calls: Calls, black: str) -> None:
    reply = calls.get("copy", img=black.rpartition("/")[2])

    assert calls.linked(reply).size == (100, 60)


def test_a_stored_pdf_can_be_copied(calls: Calls) -> None:
    link = calls.post("pdfgen", input="a", format="plaintext").json()["link"]

    assert calls.get("copy", img=link).json()["id"].endswith(".pdf")


def test_a_copy_of_what_is_no_medium_is_unsupported(calls: Calls) -> None:
    reply = calls.get(
        "copy", img=f"{calls.emulator.base_url.replace('127.0.0.1', 'localhost')}/status"
    )

    assert reply.status_code == 415
