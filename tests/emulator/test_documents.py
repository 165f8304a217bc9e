"""PDFs: pages are written from text, and shown as pictures."""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any

import pytest
from PIL import Image

from .calling import Calls


def pages(content: bytes) -> list[Image.Image]:
    """Each page of a PDF, a pixel for each of its 72 dots an inch."""
    pdfium: Any = import_module("pypdfium2")
    document = pdfium.PdfDocument(content)
    found = [page.render().to_pil().convert("L") for page in document]
    document.close()
    return found


def darkness(image: Image.Image) -> int:
    """How many pixels are rather black than white."""
    return sum(image.convert("L").histogram()[:128])


def pdf_of(calls: Calls, text: str, kind: str = "plaintext") -> bytes:
    reply = calls.post("pdfgen", input=text, format=kind, blob=True)
    assert reply.headers["content-type"] == "application/pdf"
    return reply.content


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("plaintext", "One line\n\nAnother"),
        ("markdown", "# Title\n\n- **one** [link](http://a)\n- two\n\nSome `code`."),
        ("html", "<title>t</title><h1>Title</h1><p>Some <b>text</b><ul><li>one<li>two</ul>"),
        ("HTML", "<p>a</p>"),
    ],
)
def test_text_becomes_a_page(calls: Calls, kind: str, text: str) -> None:
    found = pages(pdf_of(calls, text, kind))

    assert len(found) == 1
    assert darkness(found[0]) > 5


def test_a_pdf_is_stored_and_served(calls: Calls) -> None:
    reply = calls.form("pdfgen", input="words", format="plaintext").json()

    served = calls.client.get(reply["link"])
    assert reply["id"].endswith(".pdf")
    assert served.headers["content-type"] == "application/pdf"
    assert len(pages(served.content)) == 1


def test_a_heading_is_larger_than_text(calls: Calls) -> None:
    heading, text = (pages(pdf_of(calls, words, "markdown"))[0] for words in ("# Words", "Words"))

    assert darkness(heading) > 2 * darkness(text)


def test_marks_and_tags_are_not_shown(calls: Calls) -> None:
    plain = pdf_of(calls, "bold words")

    assert pages(pdf_of(calls, "**bold** words", "markdown")) == pages(plain)
    assert pages(pdf_of(calls, "<style>p{}</style><p><b>bold</b>\n words", "html")) == pages(plain)


def test_much_text_fills_several_pages(calls: Calls) -> None:
    assert len(pages(pdf_of(calls, "line\n" * 100))) == 3


def test_a_long_line_is_broken(calls: Calls) -> None:
    box = pages(pdf_of(calls, "words " * 60 + "x" * 300))[0].point(lambda v: 255 - v).getbbox()

    assert box is not None
    assert box[2] < 560
    assert box[3] - box[1] > 60


def test_the_input_may_be_uploaded(calls: Calls) -> None:
    reply = calls.upload("pdfgen", "wörds".encode(), format="plaintext", blob=True)

    assert pages(reply.content) == pages(pdf_of(calls, "wörds"))


def test_an_upload_that_is_no_text_is_unsupported(calls: Calls) -> None:
    assert calls.upload("pdfgen", b"\xff\xfe\x00", format="plaintext").status_code == 415


@pytest.mark.parametrize(
    ("text", "reason"),
    [("a\n" * 5000, "60 pages"), ("a" * 200_001, "characters"), (" \n", "no text")],
)
def test_too_much_and_too_little_text_is_refused(calls: Calls, text: str, reason: str) -> None:
    reply = calls.post("pdfgen", input=text, format="plaintext")

    assert reply.status_code == 400
    assert reason in reply.json()["error"]


def test_a_pdfs_first_page_becomes_a_picture(calls: Calls) -> None:
    link = calls.post("pdfgen", input="line\n" * 100, format="plaintext").json()["link"]

    image = calls.linked(calls.get("pdftoimg", src=link))

    # A4.
    assert image.format == "PNG"
    assert abs(image.width - 1240) <= 2
    assert abs(image.height - 1754) <= 2
    assert darkness(image) > 1000


def test_a_page_has_the_format_that_is_asked_for(calls: Calls) -> None:
    link = calls.post("pdfgen", input="words", format="plaintext").json()["link"]

    assert calls.get("pdftoimg", src=link, export="jpeg").json()["id"].endswith(".jpeg")


def test_a_page_is_shown_at_150_dots_per_inch(calls: Calls) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (72, 36), "red").save(buffer, "PDF")

    image = calls.linked(calls.get("pdftoimg", src=calls.kept(buffer.getvalue(), "pdf")))

    assert image.size == (150, 75)


def test_a_page_of_too_many_pixels_is_refused(calls: Calls) -> None:
    buffer = io.BytesIO()
    Image.new("1", (9000, 9000)).save(buffer, "PDF")

    link = calls.kept(buffer.getvalue(), "pdf")

    assert calls.get("pdftoimg", src=link).status_code == 400


def test_a_pdf_without_pages_is_unsupported(calls: Calls) -> None:
    buffer = io.BytesIO()
    pdfium: Any = import_module("pypdfium2")
    document = pdfium.PdfDocument.new()
    document.save(buffer)
    document.close()

    reply = calls.get("pdftoimg", src=calls.kept(buffer.getvalue(), "pdf"))

    assert reply.status_code == 415


@pytest.mark.parametrize("content", [b"words", b"%PDF-1.4\n%%EOF"])
def test_what_is_no_pdf_is_unsupported(calls: Calls, content: bytes) -> None:
    assert calls.get("pdftoimg", src=calls.kept(content, "pdf")).status_code == 415
