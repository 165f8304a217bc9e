"""Sources: whatever holds a picture's bytes reaches the service whole, and can be sent again."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from PIL import Image

from pixlab_async import (
    AsyncPixLab,
    ConfigurationError,
    ServerFailed,
    TimedOut,
    UnsupportedMedia,
)
from pixlab_async._sources import CHUNK, as_source
from pixlab_async.emulator import Emulator, Fault

from .conftest import png

# Each test over both lanes.
pytestmark = pytest.mark.usefixtures("lane")


class Unseekable(io.RawIOBase):
    """A file that can be read once, like a pipe."""

    def __init__(self, content: bytes) -> None:
        self._inner = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(size)


def halves(content: bytes) -> Iterator[bytes]:
    middle = len(content) // 2
    yield content[:middle]
    yield b""
    yield content[middle:]


async def async_halves(content: bytes) -> AsyncIterator[bytes]:
    for half in halves(content):
        await anyio.lowlevel.checkpoint()
        yield half


@pytest.fixture
def path(tmp_path: Path, picture: bytes) -> Path:
    path = tmp_path / "cat.png"
    path.write_bytes(picture)
    return path


def kinds(content: bytes, path: Path) -> dict[str, Any]:
    return {
        "path": path,
        "bytes": content,
        "bytearray": bytearray(content),
        "memoryview": memoryview(content),
        "file": io.BytesIO(content),
        "pipe": Unseekable(content),
        "list": list(halves(content)),
        "bytearrays": [bytearray(content)],
        "generator": halves(content),
        "async generator": async_halves(content),
    }


@pytest.mark.parametrize("kind", kinds(b"", Path()))
async def test_every_kind_of_source_arrives_whole(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes, path: Path, kind: str
) -> None:
    await pixlab.store(kinds(picture, path)[kind])

    assert emulator.received[-1].file == picture


REPEATABLE = ["path", "bytes", "bytearray", "memoryview", "file", "list", "bytearrays"]


@pytest.mark.parametrize("kind", kinds(b"", Path()))
async def test_what_can_be_read_again_is_sent_again(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes, path: Path, kind: str
) -> None:
    emulator.inject(Fault(endpoint="oilpaint", status=500))
    painting = pixlab.blob.oilpaint(kinds(picture, path)[kind], radius=1)

    if kind in REPEATABLE:
        await painting
    else:
        with pytest.raises(ServerFailed):
            await painting

    assert emulator.received[-1].file == picture


async def test_a_large_file_arrives_whole(
    pixlab: AsyncPixLab, emulator: Emulator, tmp_path: Path
) -> None:
    content = png(Image.effect_noise((400, 400), 90))
    path = tmp_path / "large.png"
    path.write_bytes(content)

    await pixlab.store(path)

    assert len(content) > 2 * CHUNK
    assert emulator.received[-1].file == content


async def test_a_file_is_read_from_where_it_stands(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    file = io.BytesIO(b"header" + picture)
    file.seek(6)

    await pixlab.store(file)

    assert emulator.received[-1].file == picture


async def test_the_file_name_goes_along(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes, tmp_path: Path
) -> None:
    path = tmp_path / 'my "own" cät.png'
    path.write_bytes(picture)

    await pixlab.store(path)

    assert emulator.received[-1].filename == "my %22own%22 cät.png"


async def test_an_open_file_brings_its_name(
    pixlab: AsyncPixLab, emulator: Emulator, path: Path
) -> None:
    with path.open("rb") as file:
        await pixlab.store(file)

    assert emulator.received[-1].filename == "cat.png"


@pytest.mark.parametrize("kind", ["path", "pipe", "async generator"])
async def test_a_cancelled_upload_leaves_nothing_open(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes, path: Path, kind: str
) -> None:
    emulator.inject(Fault(endpoint="store", latency=0.6, status=500))

    with anyio.move_on_after(0.05) as scope:
        await pixlab.store(kinds(picture, path)[kind])

    assert scope.cancelled_caught
    await pixlab.status()


async def test_an_upload_to_a_server_that_hangs_up_leaves_nothing_open(
    pixlab: AsyncPixLab, emulator: Emulator, path: Path
) -> None:
    emulator.inject(Fault(endpoint="store", reset="before"))

    with pytest.raises(Exception, match="store"):
        await pixlab.store(path)


async def test_a_missing_file_says_so_before_anything_is_sent(
    pixlab: AsyncPixLab, emulator: Emulator, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        await pixlab.store(tmp_path / "none.png")

    assert not emulator.received


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("cat.jpg", "pathlib.Path"),
        ("", "pathlib.Path"),
        ("http://two words", "spaces"),
        (7, "not int"),
        (None, "not NoneType"),
    ],
)
async def test_what_is_no_source_is_refused(
    pixlab: AsyncPixLab, emulator: Emulator, source: Any, problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        await pixlab.oilpaint(source, radius=1)

    assert not emulator.received


@pytest.mark.parametrize(
    "make", [lambda: ["text"], lambda: io.StringIO("text")], ids=["list", "file"]
)
async def test_text_is_refused_where_bytes_are_wanted(
    pixlab: AsyncPixLab, emulator: Emulator, make: Any
) -> None:
    with pytest.raises(ConfigurationError, match="gave str where bytes are wanted"):
        await pixlab.store(make())

    assert not emulator.received


async def test_what_a_source_raises_comes_through_as_it_is(pixlab: AsyncPixLab) -> None:
    def broken() -> Iterator[bytes]:
        yield b"start"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await pixlab.store(broken())

    await pixlab.status()


async def test_what_an_async_source_raises_comes_through_as_it_is(pixlab: AsyncPixLab) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"start"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await pixlab.store(broken())


async def test_an_async_iterator_that_is_no_generator_will_do(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    class Once:
        def __init__(self) -> None:
            self.left = [picture]

        def __aiter__(self) -> Once:
            return self

        async def __anext__(self) -> bytes:
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop()

    await pixlab.store(Once())

    assert emulator.received[-1].file == picture


def test_a_file_whose_place_cannot_be_told_is_sent_once() -> None:
    class Odd(io.RawIOBase):
        def seekable(self) -> bool:
            return True

        def tell(self) -> int:
            raise OSError

    upload = as_source(Odd())

    assert not isinstance(upload, str)
    assert not upload.replayable


def test_an_odd_name_of_a_file_is_left_out() -> None:
    file = io.BytesIO()
    file.name = 7  # as an unnamed pipe has it

    upload = as_source(file)

    assert not isinstance(upload, str)
    assert upload.filename == "upload"


async def test_an_async_file_will_do(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes, path: Path
) -> None:
    async with await anyio.open_file(path, "rb") as file:
        await pixlab.store(file)

    assert emulator.received[-1].file == picture


async def test_a_file_whose_length_nobody_knows_is_sent_in_chunks(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    special = Path("/proc/self/status")
    if not special.exists():
        pytest.skip("files without a length are this system's")

    with pytest.raises(UnsupportedMedia):
        await pixlab.store(special)

    assert (emulator.received[-1].file or b"").startswith(b"Name:")


async def test_a_none_among_the_chunks_is_refused(pixlab: AsyncPixLab) -> None:
    chunks: Any = [b"a", None, b"b"]

    with pytest.raises(ConfigurationError, match="gave NoneType"):
        await pixlab.store(chunks)


async def test_a_silent_pipe_does_not_outlast_the_deadline(pixlab: AsyncPixLab) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        began = anyio.current_time()
        with pytest.raises(TimedOut):
            await pixlab.with_options(deadline=0.1).store(pipe)
        assert anyio.current_time() - began < 3
        os.close(writing)  # lets the thread go
        await anyio.sleep(0.05)


async def test_a_closed_file_is_refused(pixlab: AsyncPixLab) -> None:
    file = io.BytesIO(b"x")
    file.close()

    with pytest.raises(ValueError, match="closed"):
        await pixlab.store(file)


async def test_a_path_that_can_be_none_is_refused(pixlab: AsyncPixLab) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        await pixlab.store(Path("a\0b"))
