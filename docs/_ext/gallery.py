"""The gallery: each endpoint is called on the emulator when the documentation is built.

What stands on the page is what was run, and the build fails where an endpoint is missing.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import anyio
import pypdfium2  # type: ignore[import-untyped] # it has no types
from attrs import frozen
from docutils import nodes  # type: ignore[import-untyped] # its stubs are another package
from PIL import Image, ImageOps
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

import pixlab_async
from pixlab_async import AsyncPixLab, Blob, Rectangle
from pixlab_async.emulator import Emulator

from . import scene
from .gallery_calls import CALLS, EXCEPTIONS, missing

# Below docs/, where Sphinx looks for pictures; ignored by git.
FOLDER = "_generated/gallery"
_PASSPHRASE = "open sesame"  # noqa: S105 - of a picture on a public page
_SHOWN_BY_BROWSERS = {"JPEG": "jpg", "PNG": "png", "GIF": "gif"}
_EXIF_ORIENTATION = 0x0112


@frozen
class Shown:
    """A picture on the page.

    Attributes:
        file: Its file's name in the folder.
        name: What the call names it.
        facts: Its size, format and length.
    """

    file: str
    name: str
    facts: str


@frozen
class Example:
    """An endpoint's row.

    Attributes:
        code: The call that was run.
        inputs: The pictures that it was given.
        output: What came of it.
    """

    code: str
    inputs: tuple[Shown, ...]
    output: Shown


async def make(folder: Path) -> dict[str, Example]:
    """Call every endpoint, and write the pictures to the folder."""
    async with (
        Emulator(api_key=os.environ.get("PIXLAB_API_KEY")) as emulator,
        AsyncPixLab(base_url=emulator.base_url, api_key=emulator.api_key) as pixlab,
    ):
        inputs = await _inputs(pixlab)
        values = {name: getattr(pixlab_async, name) for name in pixlab_async.__all__}
        values |= {"face": Rectangle(*scene.FACE)} | inputs
        shown = {
            name: _written(folder, f"input-{name}", name, content)
            for name, content in inputs.items()
        }
        examples: dict[str, Example] = {}
        for calls in CALLS.values():
            for name, arguments in calls.items():
                # Our own table, and the only way to show just what was run.
                made = eval(f"pixlab.{name}({arguments})", {**values, "pixlab": pixlab.blob})  # noqa: S307
                blob: Blob = await made
                code = f"await pixlab.blob.{name}({arguments})"
                named = tuple(shown[word] for word in _words(arguments) if word in shown)
                output = _written(folder, name, name, blob.content)
                examples[name] = Example(code, named, output)
    return examples


async def _inputs(pixlab: AsyncPixLab) -> dict[str, bytes]:
    drawn = scene.scene()
    picture = scene.png(drawn)
    scrambled = await pixlab.blob.encrypt(picture, pwd=_PASSPHRASE)
    return {
        "picture": picture,
        "photo": scene.jpeg(drawn),
        "pale": scene.png(drawn.point([96 + value // 3 for value in range(256)] * 3)),
        "mirrored": scene.png(ImageOps.mirror(drawn)),
        "badge": scene.png(scene.badge()),
        "moving": scene.gif(scene.moving()),
        "scrambled": scrambled.content,
    }


def _words(arguments: str) -> list[str]:
    """The names in a call's arguments, each once; what is quoted does not count."""
    return list(dict.fromkeys(re.findall(r"\w+", re.sub(r'"[^"]*"', "", arguments))))


def _written(folder: Path, stem: str, name: str, content: bytes) -> Shown:
    """The picture as a file that a browser shows."""
    if content.startswith(b"%PDF"):
        page = pypdfium2.PdfDocument(content)[0]
        shown = cast("Image.Image", page.render().to_pil())
        image: Image.Image = shown.crop((0, 0, shown.width // 2, shown.height // 4))
        facts = f"PDF, {_length(content)}"
        content = b""
    else:
        image = Image.open(io.BytesIO(content))
        image.load()
        facts = f"{image.width} × {image.height}, {_format(image)}, {_length(content)}"  # noqa: RUF001 - the sign
    suffix = _SHOWN_BY_BROWSERS.get(image.format or "")
    if suffix is None or image.mode == "CMYK":
        content, suffix = scene.png(image.convert("RGBA")), "png"
    file = f"{stem}.{suffix}"
    (folder / file).write_bytes(content)
    return Shown(file, name, facts)


def _format(image: Image.Image) -> str:
    facts = [f"{image.format} {image.mode}"]
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        facts.append(f"{frames} frames")
    if "dpi" in image.info:
        facts.append(f"{round(image.info['dpi'][0])} dpi")
    turned = image.getexif().get(_EXIF_ORIENTATION)
    if turned is not None:
        facts.append(f"orientation {turned}")
    return ", ".join(facts)


def _length(content: bytes) -> str:
    return f"{len(content) / 1000:.1f} kB"


class Gallery(SphinxDirective):
    """``{gallery} <group>``: the examples of a group of endpoints."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        examples: Mapping[str, Example] = self.config.pixlab_gallery
        made: list[nodes.Node] = []
        for name in CALLS[self.arguments[0]]:
            made += self._example(name, examples[name])
        return made

    def _example(self, name: str, example: Example) -> list[nodes.Node]:
        label = f"gallery-{name}".replace("_", "-")
        target = nodes.target("", "", ids=[label], names=[label])
        self.state.document.note_explicit_target(target)
        entry = nodes.container(classes=["gallery-entry"])
        what = first_line(name)
        entry += self.parse_text_to_nodes(f"{{meth}}`~pixlab_async.AsyncPixLab.{name}`: {what}")
        entry += nodes.literal_block(example.code, example.code, language="python")
        row = nodes.container(classes=["gallery-row"])
        for shown in example.inputs:
            row += self._figure(shown, f"the input {shown.name}", f"{shown.name}: {shown.facts}")
        output = example.output
        row += self._figure(output, f"the output of {name}", f"→ {output.facts}")
        entry += row
        return [target, entry]

    def _figure(self, shown: Shown, alternative: str, caption: str) -> nodes.figure:
        image = nodes.image(uri=f"/{FOLDER}/{shown.file}", alt=alternative, loading="lazy")
        return nodes.figure("", image, nodes.caption(caption, caption))


class Exceptions(SphinxDirective):
    """``{gallery-exceptions}``: what the gallery does not show, and why."""

    def run(self) -> list[nodes.Node]:
        rows = [
            f"- {{meth}}`~pixlab_async.AsyncPixLab.{name}`: {reason}"
            for name, reason in EXCEPTIONS.items()
        ]
        return self.parse_text_to_nodes("\n".join(rows))


def first_line(name: str) -> str:
    """What the method does, in one line."""
    method = getattr(AsyncPixLab, name)
    return str(method.__doc__).partition("\n")[0]


def _build(app: Sphinx) -> None:
    absent = missing()
    if absent:
        raise ExtensionError(
            f"The gallery lacks {', '.join(sorted(absent))}: docs/_ext/gallery_calls.py"
        )

    folder = Path(app.srcdir, FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    app.config.pixlab_gallery = anyio.run(make, folder)


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the pictures first, and know the directive."""
    app.add_config_value("pixlab_gallery", {}, "")
    app.add_directive("gallery", Gallery)
    app.add_directive("gallery-exceptions", Exceptions)
    app.connect("builder-inited", _build)
    return {"parallel_read_safe": True}
