"""PDF: a page shown as a picture, and plain pages written from text, Markdown or HTML."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from importlib import import_module
from threading import Lock
from typing import Any

from attrs import frozen
from PIL import Image, ImageDraw

from .._bounds import TooLarge
from .._given import Given
from .._pictures import NoPicture, Picture, Unusable, check_size
from .._work import Made, Sources, Work, file_of
from .text import Font, font_of

# PDFium is not made for several threads.
_PDFIUM = Lock()
# A PDF's own unit is a 72nd of an inch.
_SHOWN_SCALE = 150 / 72

# A4 at 100 dots per inch.
_DPI = 100
_PAGE = (827, 1169)
_MARGIN = 80
_MAX_PAGES = 60
_MAX_CHARACTERS = 200_000
_PLAIN_SIZE = 15
_HEADINGS = (30, 25, 21, 18, 16, 15)
_SPACING = 1.4

# Each repetition has an end: else a line of marks without partners would take for ever.
_MARKS = re.compile(r"(\*\*|__|\*|`|~~)(?=\S)(.{1,300}?)(?<=\S)\1")
_LINKS = re.compile(r"!?\[([^\]]{0,300})\]\([^)]{0,2000}\)")
_HEADING = re.compile(r"(#{1,6})\s")
_ITEM = re.compile(r"(\s{0,100})[-*+]\s(.*)")
# What begins like a tag and is none: Python's parser would look for its end again and again.
_NO_TAG = re.compile(r"<(?![^<>]{1,2000}>)")
# A word with the blanks before it; of a longer one a part, which is measured by itself.
_WORDS = re.compile(r"\s{0,1000}\S{1,1000}")
# Elements that stand on lines of their own.
_BLOCK = re.compile(
    "address|article|aside|blockquote|br|d[dlt]|div|footer|form|h[1-6]|header|hr|li|main|nav|"
    "[ou]l|p|pre|section|table|t[dhr]"
)
_UNSHOWN = frozenset({"head", "script", "style", "title"})


@frozen
class _Line:
    """A line of text and its height in pixels."""

    text: str
    size: int = _PLAIN_SIZE


def pdftoimg(sources: Sources, given: Given) -> Made:
    """Show a PDF's first page at 150 dots per inch."""
    image = _first_page(sources.content("src"))
    return file_of(Picture(image, given.text("export", "PNG")))


def pdfgen(sources: Sources, given: Given) -> Made:
    """Write plain pages: text, headings and lists, without pictures and style."""
    text = given.text("input")
    if "input" in sources:
        try:
            text = sources.content("input").decode()
        except UnicodeDecodeError:
            raise NoPicture("the uploaded file is no text in UTF-8") from None

    if len(text) > _MAX_CHARACTERS:
        raise TooLarge(f"the input has more than {_MAX_CHARACTERS} characters")

    readers = {"markdown": _of_markdown, "html": _of_html}
    reader = readers.get(given.text("format"), _of_plain)
    first, *others = _pages(list(reader(text.replace("\r\n", "\n"))))
    buffer = io.BytesIO()
    first.save(buffer, "PDF", save_all=True, append_images=others, resolution=_DPI)
    return Made(buffer.getvalue(), "pdf", "application/pdf")


def _first_page(content: bytes) -> Image.Image:
    # It has no types, and starts PDFium: on the first need only.
    pypdfium2: Any = import_module("pypdfium2")
    try:
        with _PDFIUM, closing(pypdfium2.PdfDocument(content)) as document:
            page = document[0]
            width, height = page.get_size()
            check_size(width * _SHOWN_SCALE, height * _SHOWN_SCALE)
            shown: object = page.render(scale=_SHOWN_SCALE).to_pil().convert("RGB")
    except pypdfium2.PdfiumError:
        raise NoPicture("the file is no PDF with a page that can be shown") from None

    assert isinstance(shown, Image.Image)
    return shown


def _of_plain(text: str) -> Iterator[_Line]:
    for line in text.expandtabs(4).split("\n"):
        yield _Line(line)


def _of_markdown(text: str) -> Iterator[_Line]:
    for line in text.expandtabs(4).split("\n"):
        heading, item = _HEADING.match(line), _ITEM.fullmatch(line)
        if heading:
            words = line[heading.end() :].strip().rstrip("#").rstrip()
            yield _Line(_unmarked(words), _HEADINGS[len(heading[1]) - 1])
        elif item:
            yield _Line(f"{item[1]}• {_unmarked(item[2].lstrip())}")
        else:
            yield _Line(_unmarked(line))


def _unmarked(text: str) -> str:
    """The words alone, of strong ones, of code and of links."""
    return _MARKS.sub(r"\2", _LINKS.sub(r"\1", text))


def _of_html(text: str) -> Iterator[_Line]:
    reader = _HtmlText()
    reader.feed(_NO_TAG.sub("&lt;", _without_comments(text)))
    reader.close()
    reader.end_line()
    yield from reader.lines


def _without_comments(text: str) -> str:
    parts: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        parts.append(text[at:start])
        at = end + len("-->")
    return "".join([*parts, text[at:]])


class _HtmlText(HTMLParser):
    """Collects the text of a page, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[_Line] = []
        self._words = ""
        self._size = _PLAIN_SIZE
        self._unshown = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._unshown += tag in _UNSHOWN
        if _BLOCK.fullmatch(tag):
            self.end_line()
        if re.fullmatch("h[1-6]", tag):
            self._size = _HEADINGS[int(tag[1]) - 1]
        if tag == "li":
            self._words = "• "

    def handle_endtag(self, tag: str) -> None:
        self._unshown -= tag in _UNSHOWN and self._unshown > 0
        if _BLOCK.fullmatch(tag):
            self.end_line()
            self._size = _PLAIN_SIZE

    def handle_data(self, data: str) -> None:
        if not self._unshown:
            self._words += re.sub(r"\s+", " ", data)

    def end_line(self) -> None:
        """What was read since the last line's end is a line, if it is anything."""
        if self._words.strip():
            self.lines.append(_Line(self._words.strip(), self._size))
        self._words = ""


def _pages(lines: list[_Line]) -> list[Image.Image]:
    if not any(line.text.strip() for line in lines):
        raise Unusable("the input has no text")

    width, height = _PAGE
    fonts = {line.size: font_of(line.size) for line in lines}
    pages: list[Image.Image] = []
    y = float(height)
    for line in lines:
        step = line.size * _SPACING
        for row in _wrapped(line.text, fonts[line.size], width - 2 * _MARGIN):
            if not pages or y + step > height - _MARGIN:
                if len(pages) == _MAX_PAGES:
                    raise TooLarge(f"the input fills more than {_MAX_PAGES} pages")

                pages.append(Image.new("L", _PAGE, "white"))
                y = float(_MARGIN)
            ImageDraw.Draw(pages[-1]).text((_MARGIN, y), row, 0, fonts[line.size])
            y += step
    return pages


def _wrapped(text: str, font: Font, width: float) -> Iterator[str]:
    """The text in rows that are no wider, broken between words, or in one that is too long."""
    row = ""
    for word in _WORDS.findall(text.rstrip()):
        if row and font.getlength(row + word) > width:
            yield row
            row = ""
        row = row + word if row else word
        while font.getlength(row) > width and len(row) > 1:
            fits = max(1, int(len(row) * width / font.getlength(row)))
            yield row[:fits]
            row = row[fits:]
    yield row


WORKS: dict[str, Work] = {"pdfgen": pdfgen, "pdftoimg": pdftoimg}
