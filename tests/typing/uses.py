"""Uses that type checkers must accept, with the types that they must find. Never run."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import TypedDict, assert_type

import anyio

from pixlab_async import (
    Answer,
    AsyncPixLab,
    Blob,
    BlobPictures,
    Channel,
    Deletion,
    DeletionState,
    Difference,
    DocumentScan,
    Embedding,
    Emotion,
    Face,
    FaceCandidate,
    FaceComparison,
    FaceLandmarks,
    FaceMotion,
    Faces,
    FaceSearch,
    Frame,
    GeneratedText,
    Header,
    InlinePicture,
    Job,
    Line,
    Media,
    Outcome,
    Overlay,
    Point,
    RecognizedText,
    Rectangle,
    Rendering,
    RetryPolicy,
    Score,
    ServiceStatus,
    Source,
    Tags,
    Word,
)


class Turn(TypedDict):
    """As other libraries type a conversation."""

    role: str
    content: str


URL = "https://example.org/a.png"


async def clients() -> None:
    async with AsyncPixLab(api_key="key", llm_url="https://llm.example", rate="10/s") as pixlab:
        assert_type(pixlab, AsyncPixLab)
        assert_type(pixlab.blob, BlobPictures)
        derived = pixlab.with_options(deadline=5, retry=RetryPolicy(attempts=1), auth="header")
        assert_type(derived, AsyncPixLab)


async def sources(pixlab: AsyncPixLab, media: Media, chunks: AsyncIterator[bytes]) -> None:
    def generated() -> Iterator[bytes]:
        yield b"bytes"

    every: list[Source] = [
        URL,
        media,
        Path("a"),
        b"",
        bytearray(),
        io.BytesIO(),
        generated(),
        chunks,
    ]
    for source in every:
        await pixlab.flip(source)
    with Path("a").open("rb") as file:
        await pixlab.flip(file)
    async with await anyio.open_file("a", "rb") as opened:
        await pixlab.flip(opened)


async def pictures(pixlab: AsyncPixLab, path: Path) -> None:
    assert_type(await pixlab.resize(path, width=5), Media)
    assert_type(await pixlab.blob.resize(path, width=5), Blob)
    assert_type(await pixlab.blur(path, 3, 1.5, channel=Channel.RED | Channel.BLUE), Media)
    assert_type(await pixlab.negate(path, True), Media)
    assert_type(await pixlab.noise(path, 7), Media)
    assert_type(await pixlab.setorientation(path, orientation=8), Media)
    assert_type(await pixlab.convert(path, "png", compression=None), Media)
    assert_type(await pixlab.drawtext(path, top="a", font="impact"), Media)
    assert_type(await pixlab.drawtext(path, top="a", font="one of my own"), Media)
    assert_type(await pixlab.newimage(width=5), Media)
    assert_type(await pixlab.blob.pixelgenerate(height=5), Blob)
    assert_type(await pixlab.pdfgen("# Title", "markdown"), Media)
    assert_type(await pixlab.blob.pdfgen("# Title", "markdown"), Blob)
    assert_type(await pixlab.screencapture(URL, width=800), Media)
    assert_type((await pixlab.flip(path)).link, str)
    assert_type((await pixlab.flip(path)).meta.left_stored, tuple[Media, ...])
    assert_type((await pixlab.blob.flip(path)).content, bytes)


async def two_results(pixlab: AsyncPixLab, path: Path) -> None:
    difference = await pixlab.imgdiff(path, path)
    assert_type(difference, Difference)
    assert_type(difference.diff, float | None)
    as_media: Media = difference
    assert_type(await pixlab.blob.imgdiff(path, as_media), Blob)
    cutout = await pixlab.bgremove(path)
    assert_type(cutout, InlinePicture)
    assert_type(cutout.content, bytes | None)
    assert_type(await pixlab.blob.bgremove(path), Blob)
    assert_type(await pixlab.txtremove(path), InlinePicture)
    assert_type(await pixlab.imgtranslate(path, "auto", "fr"), InlinePicture)


async def shapes(pixlab: AsyncPixLab, path: Path, faces: Faces[Face]) -> None:
    boxes: list[Rectangle] = [Rectangle(1, 2, 3, 4, color="red")]
    await pixlab.drawrectangles(path, boxes)
    await pixlab.drawrectangles(path, faces.faces)
    await pixlab.mogrify(path, [*faces.faces, {"left": 1, "top": 2, "width": 3, "height": 4}])
    await pixlab.mogrify(path, (await pixlab.facemotion(path)).faces, sigma=3)
    await pixlab.drawpoints(path, (Point(x, x) for x in range(3)))
    await pixlab.drawlines(path, [Line(1, 2, 3, 4), {"startx": 1}])
    await pixlab.merge(path, [Overlay(b"", 1, 2, center=True), {"img": URL, "x": 1, "y": 2}])
    await pixlab.makegif([path, URL, b"", Frame(path), {"img": path}], delay=50)
    stills: Iterable[Media] = [await pixlab.flip(path)]
    await pixlab.makegif(stills)


async def analyses(pixlab: AsyncPixLab, path: Path) -> None:
    assert_type(await pixlab.header(path), Header)
    assert_type((await pixlab.header(path)).width, int)
    assert_type(await pixlab.nsfw(path), Score)
    assert_type(await pixlab.tagimg(path), Tags)
    assert_type((await pixlab.tagimg(path)).tags[0].confidence, float | None)
    assert_type(await pixlab.describe(path, lang="german"), GeneratedText)
    assert_type(await pixlab.query(path, "why?"), GeneratedText)
    assert_type(await pixlab.ocr(path, lang="Ja"), RecognizedText)
    assert_type((await pixlab.ocr(path)).words, tuple[Word, ...])
    assert_type(await pixlab.docscan(path, "passport"), DocumentScan)
    assert_type(await pixlab.docscan(path, "a kind of its own"), DocumentScan)
    assert_type((await pixlab.docscan(path, "visa")).final_check_digit, str | None)
    assert_type(await pixlab.template(template="t", layers={"a": {"text": "b"}}), Rendering)


async def faces(pixlab: AsyncPixLab, path: Path) -> None:
    found = await pixlab.facedetect(path)
    assert_type(found, Faces[Face])
    assert_type(found.faces[0].rectangle, Rectangle)
    assert_type(found.faces[0].face_id, int | str | None)
    marked = await pixlab.facelandmarks(path)
    assert_type(marked, Faces[FaceLandmarks])
    assert_type(marked.faces[0].landmarks["nose"], Point)
    estimated = await pixlab.facemotion(path)
    assert_type(estimated, Faces[FaceMotion])
    assert_type(estimated.faces[0].emotion, tuple[Emotion, ...])
    assert_type(await pixlab.facecompare(path, path), FaceComparison)
    searched = await pixlab.facelookup(path, crowd=path)
    assert_type(searched, FaceSearch)
    assert_type(searched.best, FaceCandidate | None)


async def language(pixlab: AsyncPixLab, path: Path) -> None:
    assert_type(await pixlab.answer("why?", format="json", max_tokens=5), Answer)
    assert_type(await pixlab.coder("print 1"), Answer)
    assert_type(await pixlab.coder([{"role": "user", "content": [{"type": "text"}]}]), Answer)
    tools = [{"id": "1", "type": "function", "function": {"name": "blur", "arguments": "{}"}}]
    await pixlab.toolcall(tools)
    typed: list[Turn] = [{"role": "user", "content": "why?"}]
    await pixlab.coder(typed)
    assert_type(await pixlab.toolcall([{"id": "1", "function": {"name": "blur"}}]), Answer)
    assert_type(await pixlab.imgembed(path, dimension=512), Embedding)
    assert_type((await pixlab.imgembed(path)).embedding, tuple[float, ...])
    assert_type(await pixlab.llmparse(URL, format="md"), Job)


async def storage(pixlab: AsyncPixLab, path: Path) -> None:
    media = await pixlab.store(path, comment="a cat")
    assert_type(media, Media)
    assert_type(await pixlab.copy(media), Media)
    assert_type(await pixlab.delete(media, missing_ok=True), Deletion)
    assert_type((await pixlab.delete(media.id)).state, DeletionState)
    assert_type(await pixlab.download(media, "a.png"), Path)
    async for outcome in pixlab.delete_many([media, URL]):
        assert_type(outcome, Outcome)


async def lifetimes(pixlab: AsyncPixLab, path: Path) -> None:
    async with pixlab.temporary(pixlab.imgdiff(path, path)) as media:
        assert_type(media, Media)

    async def size(made: Media) -> tuple[int, int]:
        header = await pixlab.header(made)
        return header.width, header.height

    assert_type(await pixlab.generate_then_delete(pixlab.flip(path), size), tuple[int, int])


async def service(pixlab: AsyncPixLab, path: Path) -> None:
    assert_type(await pixlab.status(), ServiceStatus)
    answer = await pixlab.call("emboss", {"radius": 2, "list": [1, {"a": None}]}, source=path)
    assert_type(answer, Answer)
    await pixlab.call("emboss", method="POST", repeatable=True)
