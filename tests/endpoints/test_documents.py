"""Documents: read, made, and shown as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixlab_async import (
    AsyncPixLab,
    ConfigurationError,
    Media,
    Rectangle,
    Rendering,
    UnsupportedMedia,
    Word,
)
from pixlab_async.emulator import Emulator

from .images import opened, written

WHITE = written(Image.new("RGB", (24, 16), "white"))


def is_blank(image: Image.Image) -> bool:
    return image.convert("L").getextrema() == (255, 255)


async def test_pdfgen_makes_a_pdf(pixlab: AsyncPixLab) -> None:
    made = await pixlab.blob.pdfgen("# Hello", "markdown")

    assert made.media_type == "application/pdf"
    assert made.content.startswith(b"%PDF-")


async def test_pdfgen_sends_its_content_as_it_is(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    content = "<h1>Grüße & more</h1>\n<p>100% + 1</p>"

    await pixlab.blob.pdfgen(content, "html")

    assert emulator.received[-1].params == {"input": content, "format": "html", "blob": True}


async def test_a_pdf_that_was_made_can_be_shown(
    pixlab: AsyncPixLab, emulator: Emulator, tmp_path: Path
) -> None:
    document = await pixlab.pdfgen("Hello", "plaintext")

    page = await pixlab.pdftoimg(document, export="png")

    shown = opened((await pixlab.download(page, tmp_path / "page.png")).read_bytes())
    assert shown.format == "PNG"
    assert not is_blank(shown)
    assert emulator.stored() == [document.link, page.link]


async def test_a_pdf_that_is_here_is_stored_for_the_call(
    pixlab: AsyncPixLab, emulator: Emulator, tmp_path: Path
) -> None:
    content = (await pixlab.blob.pdfgen("Hello", "plaintext")).content
    emulator.when("store", link=(await pixlab.pdfgen("Hello", "plaintext")).link)

    page = await pixlab.pdftoimg(content, export="jpeg")

    assert page.id.endswith(".jpeg")


async def test_a_picture_is_no_pdf(pixlab: AsyncPixLab, picture: bytes) -> None:
    with pytest.raises(UnsupportedMedia, match="no PDF"):
        await pixlab.pdftoimg(await pixlab.store(picture))


async def test_ocr_reads_words_and_their_places(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when(
        "ocr",
        output="Hello\nyou",
        lang="en",
        bbox=[{"word": "Hello", "x": 1, "y": 2, "w": 3, "h": 4}],
    )

    read = await pixlab.ocr(
        await pixlab.store(picture), lang="Ja", orientation=True, nl=True, br=False
    )

    assert (read.output, read.lang) == ("Hello\nyou", "en")
    assert read.words == (Word("Hello", Rectangle(1, 2, 3, 4)),)
    params = dict(emulator.received[-1].params)
    del params["img"]
    assert params == {"lang": "Ja", "orientation": "true", "nl": "true", "br": "false"}


async def test_docscan_reads_fields_by_their_names(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    fields = {"fullName": "ERIKA", "documentNumber": "C01X00T47", "finalcheckDigit": "4"}
    emulator.when("docscan", type="PASSPORT", fields=fields, face_url=False, mrz_raw_text="P<D<<")

    scan = await pixlab.docscan(picture, "passport", facecrop=True, faceblob=False)

    assert (scan.type, scan.fields, scan.mrz_raw_text) == ("PASSPORT", fields, "P<D<<")
    assert (scan.face_url, scan.face, scan.final_check_digit) == (None, None, "4")
    assert emulator.received[-1].params == {
        "type": "passport",
        "facecrop": "true",
        "faceblob": "false",
    }


async def test_docscan_does_not_show_what_it_read(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("docscan", type="IDCARD", fields={"fullName": "ERIKA"}, mrz_raw_text="ERIKA<<")

    assert "ERIKA" not in repr(await pixlab.docscan(picture, "idcard", country="DE"))


@pytest.mark.parametrize(
    "given",
    [
        {"template_id": "t1", "output": "image", "data": {"name": "Ünï", "age": 3}},
        {"template": "t2", "format": "webp", "layers": {"title": {"text": "Hi", "color": "#fff"}}},
    ],
)
async def test_template_sends_either_form(
    pixlab: AsyncPixLab, emulator: Emulator, given: dict[str, Any]
) -> None:
    emulator.when("template", url="https://cdn.example/1.png", size=7)

    rendered = await pixlab.template(**given)

    assert rendered == Rendering("https://cdn.example/1.png")
    assert rendered.extra == {"size": 7}
    assert emulator.received[-1].params == given


async def test_template_needs_a_template(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="template_id or template"):
        await pixlab.template(format="pdf")

    assert not emulator.received


async def test_a_document_that_is_stored_is_media(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    async with pixlab.temporary(pixlab.pdfgen("Hello", "plaintext")) as document:
        assert isinstance(document, Media)

    assert emulator.stored() == []
