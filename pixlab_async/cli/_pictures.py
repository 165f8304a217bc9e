"""What several commands do with pictures: keep them or not, and put them into files."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Awaitable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from .._client import AsyncPixLab
from .._errors import ConfigurationError
from .._results import Deletion, DeletionState, Media
from .._temporary import temporary


@asynccontextmanager
async def kept(client: AsyncPixLab, making: Awaitable[Media]) -> AsyncGenerator[Media]:
    """Like ``client.temporary``, but the picture stays where the block ends well.

    Show its link inside the block: a picture whose link nobody got would stay for ever.
    """
    stays = False

    async def unless_it_stays(media: Media) -> Deletion:
        if stays:
            return Deletion(media.id, deleted=False, state=DeletionState.NOT_SENT)

        return await client.delete(media, missing_ok=True)

    async with temporary(making, unless_it_stays) as media:
        yield media
        stays = True


def check_output(path: Path) -> None:
    """See that a file can be put there, before anything is made for it.

    Raises:
        ConfigurationError: Its folder does not exist, or it is one itself.
    """
    if path.is_dir():
        raise ConfigurationError(f"The output {str(path)!r} is a folder: name a file in it.")

    if not path.parent.is_dir():
        raise ConfigurationError(f"The output's folder {str(path.parent)!r} does not exist.")


def write_bytes(path: Path, content: bytes) -> None:
    """Put a picture's bytes into a file; whole or not at all.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    with replacing(path) as part:
        part.write_bytes(content)


@contextmanager
def replacing(path: Path) -> Generator[Path]:
    """A new file to write into, which takes the path's place where the block ends well.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    part = path.with_name(f".{secrets.token_hex(4)}.{path.name}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"The output {str(path)!r} cannot be written: {error.strerror or error}."
        ) from error
    finally:
        part.unlink(missing_ok=True)
