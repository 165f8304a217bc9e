"""Facts on a picture and on the service."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image

from .calling import Calls, gif


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_a_header_says_all_that_is_documented(calls: Calls) -> None:
    content = written(Image.new("RGB", (64, 128)), "JPEG")

    assert calls.upload("header", content).json() == {
        "status": 200,
        "width": 64,
        "height": 128,
        "type": "JPEG",
        "size": len(content),
        "mime": "image/jpeg",
        "channels": 3,
        "bits": 8,
        "html_attr": 'height="128" width="64"',
        "css_prop": "height:128px;width:64px;",
    }


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (written(Image.new("L", (4, 4)), "PNG"), ("PNG", 1, 8)),
        (written(Image.new("1", (4, 4)), "PNG"), ("PNG", 1, 1)),
        (written(Image.new("I;16", (4, 4)), "PNG"), ("PNG", 1, 16)),
        (written(Image.new("RGBA", (4, 4)), "PNG"), ("PNG", 4, 8)),
        (written(Image.new("P", (4, 4)), "PNG", transparency=0), ("PNG", 4, 8)),
        (written(Image.new("CMYK", (4, 4)), "TIFF"), ("TIFF", 4, 8)),
        (gif("red", "blue"), ("GIF", 3, 8)),
    ],
)
def test_a_header_counts_channels_and_their_bits(
    calls: Calls, content: bytes, expected: tuple[str, int, int]
) -> None:
    reply = calls.upload("header", content).json()

    assert (reply["type"], reply["channels"], reply["bits"]) == expected


def test_a_header_of_no_picture_is_unsupported(calls: Calls) -> None:
    assert calls.upload("header", b"words").status_code == 415


def test_a_header_stores_nothing(calls: Calls, picture: bytes) -> None:
    calls.upload("header", picture)

    assert calls.emulator.stored() == []


def test_the_formats_that_are_written_are_listed(calls: Calls) -> None:
    assert {"JPEG", "PNG", "GIF"} <= set(calls.get("extension").json()["extensions"])


def test_the_emulator_says_that_it_is_one(calls: Calls) -> None:
    assert "emulator" in calls.get("about").json()["about"]


def test_an_emulator_starts_without_what_only_some_endpoints_need() -> None:
    code = (
        "import sys\n"
        "from pixlab_async.emulator import Emulator\n"
        "with Emulator(): print({'numpy', 'pypdfium2'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "set()"


def test_a_blob_is_not_stored(calls: Calls, picture: bytes) -> None:
    calls.upload("flip", picture, blob=True)

    assert calls.emulator.stored() == []


def test_a_result_is_stored_and_named_in_four_fields(calls: Calls, picture: bytes) -> None:
    reply = calls.upload("flip", picture).json()

    assert list(reply) == ["ssl_link", "link", "id", "status"]
    assert calls.emulator.stored() == [reply["link"]]
