"""What analyses and documents return: one frozen class per shape of reply, plain values only.

Apart from ``_results``, and imported when the first of them is needed: most programs use few.
Fields that a reply need not have are None where it has none; unknown ones are in ``extra``.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from ._results import JSON, Media, Meta, last_part
from ._values import Rectangle

_NO_META = Meta()


@frozen
class Score:
    """How likely something is.

    Attributes:
        score: 0 to 1; what nearer to 1 means, the method says.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    score: float
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=_NO_META, eq=False)


@frozen
class Tag:
    """A label of a picture.

    Attributes:
        name: English words.
        confidence: How sure the service is; its range is not documented. None if not given.
        extra: Fields of the reply that are not documented.
    """

    name: str
    confidence: float | None = None
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)


@frozen
class Tags:
    """The labels of a picture.

    Attributes:
        tags: The surest first.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    tags: tuple[Tag, ...]
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=_NO_META, eq=False)


@frozen
class GeneratedText:
    """A text that a model wrote about a picture.

    Attributes:
        text: The text.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    text: str
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=_NO_META, eq=False)


@frozen
class Header:
    """What a picture file is.

    Attributes:
        width: Pixels.
        height: Pixels.
        type: The format's name, such as "JPEG".
        size: Bytes.
        mime: The media type, such as "image/jpeg".
        channels: 3 for RGB, 1 for gray, and so on.
        bits: Bits per color.
        html_attr: Its size as attributes in HTML.
        css_prop: Its size as properties in CSS.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    width: int
    height: int
    type: str | None = None
    size: int | None = None
    mime: str | None = None
    channels: int | None = None
    bits: int | None = None
    html_attr: str | None = None
    css_prop: str | None = None
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=_NO_META, eq=False)


@frozen
class Word:
    """A word on a picture, and where.

    Attributes:
        word: The word.
        rectangle: Its place in pixels, or None where the reply does not say.
    """

    word: str
    rectangle: Rectangle | None = None


@frozen
class RecognizedText:
    """What is written on a picture.

    Attributes:
        output: The text.
        lang: The language that was found.
        words: Each word, and where it stands.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    output: str
    lang: str | None = None
    words: tuple[Word, ...] = ()
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=_NO_META, eq=False)


@frozen
class DocumentScan:
    """What an identity document says.

    Attributes:
        type: The kind of document.
        fields: What was read, by the vendor's names: fullName, documentNumber, ... Which are
            there depends on the document.
        face_url: The address of the cropped face; None where there is none.
        face: The cropped face's bytes, where ``faceblob`` asked for them.
        mrz_raw_text: The machine-readable zone, of passports and visas.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    type: str | None
    fields: Mapping[str, JSON] = field(repr=lambda fields: f"{sorted(fields)}")
    face_url: str | None = None
    face: bytes | None = field(default=None, repr=False)
    mrz_raw_text: str | None = field(default=None, repr=False)
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False, repr=False)
    meta: Meta = field(default=_NO_META, eq=False)

    @property
    def final_check_digit(self) -> str | None:
        """The last check digit: the page and the sample programs spell its name in two ways."""
        for name in ("finalCheckDigit", "finalcheckDigit"):
            value = self.fields.get(name)
            if isinstance(value, str):
                return value

        return None


@frozen
class InlinePicture:
    """A picture that came within the reply: nothing is stored where ``link`` is None.

    Attributes:
        content: Its bytes; None where the account's own storage holds it instead.
        media_type: Its content type, such as "image/png".
        extension: Its file extension.
        link: Its address, where it was stored.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    content: bytes | None = field(
        repr=lambda content: "None" if content is None else f"<{len(content)} bytes>"
    )
    media_type: str | None = None
    extension: str | None = None
    link: str | None = None
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False, repr=False)
    meta: Meta = field(default=_NO_META, eq=False)

    @property
    def media(self) -> Media | None:
        """What is stored, to be deleted by ``delete``; None where nothing is."""
        if self.link is None:
            return None

        return Media(self.link, last_part(self.link), meta=self.meta)


@frozen
class Difference(Media):
    """How far two pictures differ, and the stored picture that shows it.

    Attributes:
        diff: The mean square error; its scale is not documented. None where it is not told.
    """

    diff: float | None = field(default=None, kw_only=True)


@frozen
class Embedding:
    """A picture as a vector.

    Attributes:
        embedding: The numbers.
        id: The service's identifier of the reply.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    embedding: tuple[float, ...] = field(repr=lambda vector: f"<{len(vector)} numbers>")
    id: str | None = None
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=_NO_META, eq=False)


@frozen
class Job:
    """Work that the service queued, and answers for later.

    Attributes:
        job_id: Its identifier. Where and how it is asked for is not documented.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    job_id: str
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=_NO_META, eq=False)


@frozen
class Rendering:
    """What was made of a template.

    Attributes:
        url: Its address.
        extra: Fields of the reply that are not documented.
        meta: The facts of the call.
    """

    url: str
    extra: Mapping[str, JSON] = field(factory=dict[str, JSON], eq=False)
    meta: Meta = field(default=_NO_META, eq=False)
