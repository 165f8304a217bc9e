"""What several commands do with pictures: keep them or not, and put them into files."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

from .._client import AsyncPixLab
from .._results import Deletion, DeletionState, Media
from .._temporary import temporary
from .._whole import replacing


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

    async with temporary(making, unless_it_stays, marked=False) as media:
        yield media
        stays = True


def write_bytes(path: Path, content: bytes) -> None:
    """Put a picture's bytes into a file; whole or not at all.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    with replacing(path) as part:
        part.write_bytes(content)
