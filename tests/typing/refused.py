"""Uses that type checkers must refuse. Never run.

Mypy and pyright both read the ignores, and both report one that ignores nothing: on the day
on which either accepts a use, that is an error.
"""

# ruff: noqa: B018 - the uses are what is tested
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from pathlib import Path

from pixlab_async import AsyncPixLab, Blob, Line, Media, Point, Rectangle


async def arguments(pixlab: AsyncPixLab, path: Path) -> None:
    await pixlab.resize(path, widht=5)  # type: ignore[call-arg]
    await pixlab.resize(path, 5)  # type: ignore[call-arg]
    await pixlab.blob.resize(path, width="5")  # type: ignore[arg-type]
    await pixlab.resize(path, width=5.5)  # type: ignore[arg-type]
    await pixlab.oilpaint(path)  # type: ignore[call-arg]
    await pixlab.oilpaint()  # type: ignore[call-arg]
    await pixlab.oilpaint(path, radius="3")  # type: ignore[arg-type]
    await pixlab.oilpaint(5, 3)  # type: ignore[arg-type]
    await pixlab.oilpaint(None, 3)  # type: ignore[arg-type]
    await pixlab.blur(path, 1)  # type: ignore[call-arg]
    await pixlab.negate(path, "true")  # type: ignore[arg-type]
    await pixlab.convert(path, 7)  # type: ignore[arg-type]
    await pixlab.crop(path, x=1, width=5)  # type: ignore[call-arg]
    await pixlab.newimage(5, 5)  # type: ignore[call-arg]
    await pixlab.nsfw(path, lang="en")  # type: ignore[call-arg]
    await pixlab.query(path)  # type: ignore[call-arg]
    await pixlab.drawtext(path, top=b"text")  # type: ignore[arg-type]
    await pixlab.store(path, remark="a cat")  # type: ignore[call-arg]
    await pixlab.delete(path)  # type: ignore[arg-type]
    await pixlab.answer(query=None)  # type: ignore[arg-type]
    await pixlab.call("blur", {"radius": object()})  # type: ignore[dict-item]
    await pixlab.call("blur", method="PUT")  # type: ignore[arg-type]


async def literals(pixlab: AsyncPixLab, path: Path) -> None:
    await pixlab.noise(path, 8)  # type: ignore[arg-type]
    await pixlab.remap(path, 0)  # type: ignore[arg-type]
    await pixlab.setorientation(path, 9)  # type: ignore[arg-type]
    await pixlab.setorientation(path, "1")  # type: ignore[arg-type]
    AsyncPixLab(auth="form")  # type: ignore[arg-type]


async def shapes(pixlab: AsyncPixLab, path: Path) -> None:
    await pixlab.drawrectangles(path, Rectangle(1, 2, 3, 4))  # type: ignore[arg-type]
    await pixlab.drawrectangles(path, [Point(1, 2)])  # type: ignore[list-item]
    await pixlab.drawlines(path, [Rectangle(1, 2, 3, 4)])  # type: ignore[list-item]
    await pixlab.drawpoints(path, [(1, 2)])  # type: ignore[list-item]
    await pixlab.merge(path, [path])  # type: ignore[list-item]
    await pixlab.mogrify(path, (await pixlab.header(path)))  # type: ignore[arg-type]
    await pixlab.coder([Line(1, 2, 3, 4)])  # type: ignore[list-item]
    Rectangle(1, 2, 3)  # type: ignore[call-arg]
    Point(1, y="2")  # type: ignore[arg-type]


async def results(pixlab: AsyncPixLab, path: Path, media: Media, blob: Blob) -> None:
    (await pixlab.header(path)).widht  # type: ignore[attr-defined]
    (await pixlab.nsfw(path)).score + ""  # type: ignore[operator]
    (await pixlab.facedetect(path)).faces[0].landmarks  # type: ignore[attr-defined]
    (await pixlab.blob.flip(path)).link  # type: ignore[attr-defined]
    (await pixlab.flip(path)).content  # type: ignore[attr-defined]
    (await pixlab.flip(path)).diff  # type: ignore[attr-defined]
    (await pixlab.ocr(path)).lang.upper()  # type: ignore[union-attr]
    media.link = "https://example.org"  # type: ignore[misc]
    await pixlab.delete(blob)  # type: ignore[arg-type]
    await pixlab.download(blob, "a.png")  # type: ignore[arg-type]
    await pixlab.flip(blob)  # type: ignore[arg-type]
    wanted: Media = await pixlab.blob.flip(path)  # type: ignore[assignment]
    del wanted


async def methods(pixlab: AsyncPixLab, path: Path) -> None:
    await pixlab.emboss(path)  # type: ignore[attr-defined]
    await pixlab.blob.nsfw(path)  # type: ignore[attr-defined]
    await pixlab.blob.store(path)  # type: ignore[attr-defined]
    pixlab.temporary(pixlab.blob.flip(path))  # type: ignore[arg-type]
    pixlab.temporary(pixlab.nsfw(path))  # type: ignore[arg-type]
    pixlab.flip(path).link  # type: ignore[attr-defined]
