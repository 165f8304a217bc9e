"""Documents: reading them, and making them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from .._arguments import filled, optional, shown, truth
from .._errors import ConfigurationError
from .._protocol import Parameter, Unlinked
from .._results import JSON, Media
from .._sources import Source, as_source
from .._success import Success, mapping, text, whole
from ._group import Group, P, PictureGroup, call_of, media
from .restoration import decoded

if TYPE_CHECKING:
    from .._shapes import DocumentScan, RecognizedText, Rendering, Word

DocumentKind: TypeAlias = Literal[
    "passport",
    "idcard",
    "driver_license",
    "visa",
    "birth_certificate",
    "death_certificate",
    "unknown",
]


class PDFs(PictureGroup[P]):
    """Endpoints that make documents."""

    async def pdfgen(self, input: str, format: Literal["markdown", "html", "plaintext"] | str) -> P:
        """Make a PDF of Markdown, HTML or plain text.

        The page says that it is stored in the account's own bucket; what happens without one
        is not documented.

        Args:
            input: The content.
            format: Of the content: markdown, html or plaintext.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/pdfgen
        """
        params: dict[str, Unlinked] = {
            "input": filled(input, "input"),
            "format": filled(format, "format"),
        }
        return await self._picture("pdfgen", params)


class Documents(Group):
    """Endpoints that read documents, and that make pictures of them."""

    async def ocr(
        self,
        source: Source,
        *,
        lang: str | None = None,
        orientation: bool | None = None,
        nl: bool | None = None,
        br: bool | None = None,
    ) -> RecognizedText:
        """Read the text on a picture, and find out its language.

        Args:
            source: The picture, a JPEG, PNG or BMP: a URL, a stored ``Media``, or one that is
                here.
            lang: The language where it is known: en, de, ar, he, hi, fr, cs, da, nl, fi, el,
                hu, it, Ja (spelled so), ko, nb, pl, pt, zh-Hans, zh-Hant, ru, es, sv or tr.
            orientation: Whether to find out how the text is turned, and turn it upright.
            nl: Whether to end each line with a newline.
            br: Whether to end each line with an HTML line break.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/ocr
        """
        params = {
            "img": as_source(source),
            "lang": optional(filled, lang, "lang"),
            "orientation": optional(truth, orientation, "orientation"),
            "nl": optional(truth, nl, "nl"),
            "br": optional(truth, br, "br"),
        }
        return await self.send(call_of("ocr", _recognized, params))

    async def docscan(
        self,
        source: Source,
        type: DocumentKind | str,
        *,
        country: str | None = None,
        facecrop: bool | None = None,
        faceblob: bool | None = None,
    ) -> DocumentScan:
        """Read an identity document into named fields, and cut its holder's face out.

        With a storage bucket of the account's own, the face is stored there. A PDF has to go
        through ``pdftoimg`` first.

        Args:
            source: The document: a URL, a stored ``Media``, or what is to be uploaded.
            type: passport, idcard, driver_license, visa, birth_certificate, death_certificate,
                or unknown (for which the vendor wants a larger plan).
            country: Where it was issued, as a code or a name; passports need none.
            facecrop: Whether the face is cut out. Default true.
            faceblob: Whether the face comes within the reply. Default false.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.

        Source: https://ekyc.pixlab.io/docscan
        """
        params = {
            "img": as_source(source),
            "type": filled(type, "type"),
            "country": optional(filled, country, "country"),
            "facecrop": optional(truth, facecrop, "facecrop"),
            "faceblob": optional(truth, faceblob, "faceblob"),
        }
        return await self.send(call_of("docscan", _scanned, params, inline=True))

    async def pdftoimg(self, src: Source, *, export: str | None = None) -> Media:
        """Make a picture of a page of a PDF. Known from sample programs alone.

        Args:
            src: The PDF: a URL, a stored ``Media``, or one that is here.
            export: The picture's format; the programs use jpeg and png.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.
        """
        params = {"src": as_source(src), "export": optional(filled, export, "export")}
        return await self.send(call_of("pdftoimg", media, params))

    async def template(
        self,
        *,
        template_id: str | None = None,
        output: str | None = None,
        data: Mapping[str, Parameter] | None = None,
        template: str | None = None,
        format: str | None = None,
        layers: Mapping[str, Parameter] | None = None,
    ) -> Rendering:
        """Fill a saved template. Known from one page alone, probably a draft.

        Its two examples disagree: the first has ``template_id``, ``output`` and ``data``, the
        second ``template``, ``format`` and ``layers``.

        Args:
            template_id: The template.
            output: What to make, such as image.
            data: Values by their names.
            template: The template.
            format: What to make: jpg, png, webp or pdf.
            layers: Settings by the layer's name, such as text, color, background, image_url.

        Raises:
            ConfigurationError: No template was named, or an argument cannot be sent.
            PixLabError: As for every call; see the error tree.
        """
        if template_id is None and template is None:
            raise ConfigurationError("Name the template: template_id or template.")

        params = {
            "template_id": optional(filled, template_id, "template_id"),
            "output": optional(filled, output, "output"),
            "data": optional(_object, data, "data"),
            "template": optional(filled, template, "template"),
            "format": optional(filled, format, "format"),
            "layers": optional(_object, layers, "layers"),
        }
        return await self.send(call_of("template", _rendering, params))


def _object(value: object, name: str) -> dict[str, Parameter]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{name} must be a dictionary, not {shown(value)}.")

    return {str(key): item for key, item in cast("Mapping[object, Parameter]", value).items()}


def _recognized(success: Success) -> RecognizedText:
    from .._shapes import RecognizedText  # noqa: PLC0415 - many programs never need it

    boxes = success.fields.get("bbox")
    items = boxes if isinstance(boxes, list) else []
    words = [_word(item) for item in items if isinstance(item, dict)]
    return RecognizedText(
        success.words("output"),
        text(success.fields, "lang"),
        tuple(word for word in words if word is not None),
        success.beyond("output", "lang", "bbox"),
        success.meta,
    )


def _word(item: Mapping[str, JSON]) -> Word | None:
    from .._shapes import Word  # noqa: PLC0415 - the same
    from .._values import Rectangle  # noqa: PLC0415

    word = item.get("word")
    if not isinstance(word, str):
        return None

    x, y, width, height = (whole(item, name) for name in ("x", "y", "w", "h"))
    if x is None or y is None or width is None or height is None:
        return Word(word)

    return Word(word, Rectangle(x, y, width, height))


def _scanned(success: Success) -> DocumentScan:
    from .._shapes import DocumentScan  # noqa: PLC0415 - the same

    if not isinstance(success.fields.get("fields"), dict):
        success.lacks("fields", "an object")

    # A link, or Base64 of a PNG, or false where there is none.
    face = text(success.fields, "face_url")
    is_link = face is not None and face.startswith(("http://", "https://"))
    return DocumentScan(
        text(success.fields, "type"),
        mapping(success.fields, "fields"),
        face if is_link else None,
        None if is_link or face is None else decoded(face),
        text(success.fields, "mrz_raw_text"),
        success.beyond("type", "fields", "face_url", "mrz_raw_text"),
        success.meta,
    )


def _rendering(success: Success) -> Rendering:
    from .._shapes import Rendering  # noqa: PLC0415 - the same

    return Rendering(success.text("url"), success.beyond("url"), success.meta)
