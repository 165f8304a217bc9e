"""Calls to a running emulator, as short as a test wants them."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx
from PIL import Image

from pixlab_async.emulator import Emulator

from ..conftest import png


class Calls:
    """An HTTP client that knows the key and the ways to send parameters."""

    def __init__(self, emulator: Emulator, client: httpx.Client) -> None:
        self.emulator = emulator
        self.client = client

    def get(self, endpoint: str, **parameters: Any) -> httpx.Response:
        """With the parameters in the query; lists and objects as JSON text."""
        query = {"key": self.emulator.api_key} | {n: _text(v) for n, v in parameters.items()}
        return self.client.get(f"/{endpoint}", params=query)

    def post(self, endpoint: str, **parameters: Any) -> httpx.Response:
        """With the parameters as a JSON object."""
        return self.client.post(f"/{endpoint}", json={"key": self.emulator.api_key, **parameters})

    def form(self, endpoint: str, **parameters: Any) -> httpx.Response:
        """With the parameters in a URL-encoded form; lists and objects as JSON text."""
        fields = {"key": self.emulator.api_key} | {n: _text(v) for n, v in parameters.items()}
        return self.client.post(f"/{endpoint}", data=fields)

    def upload(self, endpoint: str, content: bytes, **parameters: Any) -> httpx.Response:
        """With the bytes as the multipart field ``file``."""
        fields = {"key": self.emulator.api_key} | {n: _text(v) for n, v in parameters.items()}
        return self.client.post(f"/{endpoint}", data=fields, files={"file": ("a", content)})

    def stored(self, content: bytes | Image.Image) -> str:
        """The link under which the picture is stored now."""
        content = content if isinstance(content, bytes) else png(content)
        return str(self.upload("store", content).json()["link"])

    def kept(self, content: bytes, extension: str) -> str:
        """The link to a file of any kind, put into the store unseen."""
        service = self.emulator._running()
        return service.link(service.store.save(content, extension, "1p"))

    def linked(self, reply: httpx.Response) -> Image.Image:
        """The picture at the link of a reply."""
        return opened(self.client.get(reply.json()["link"]))


def opened(reply: httpx.Response) -> Image.Image:
    """The picture that is a reply's body."""
    assert reply.status_code == 200, reply.text
    return Image.open(io.BytesIO(reply.content))


def colour_at(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """The red, green and blue of a pixel."""
    found = image.convert("RGB").getpixel((x, y))
    assert isinstance(found, tuple)
    return found


def gif(
    *colours: str, size: tuple[int, int] = (20, 10), delay: int = 50, loop: int | None = 0
) -> bytes:
    """An animation with a frame of each colour."""
    first, *others = [Image.new("RGB", size, colour) for colour in colours]
    buffer = io.BytesIO()
    options: dict[str, Any] = {"duration": delay} | ({} if loop is None else {"loop": loop})
    first.save(buffer, "GIF", save_all=True, append_images=others, **options)
    return buffer.getvalue()


def frames_of(image: Image.Image) -> list[Image.Image]:
    """Each frame in RGBA."""
    found: list[Image.Image] = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        found.append(image.convert("RGBA"))
    return found


def _text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (list, dict)) else value
