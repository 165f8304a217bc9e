"""What a client does with stored pictures beyond one call: lend, fetch, delete many."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

from ._bulk import CONCURRENCY, DeleteMany, Links
from ._core import Core, Track
from ._download import LIMIT, download
from ._errors import ConfigurationError, PixLabError
from ._gate import Priority
from ._options import Options
from ._protocol import Call
from ._recording import recorded
from ._results import Deletion, Media
from ._temporary import GRACE, temporary
from .endpoints.storage import Storage

R = TypeVar("R")


class Lifecycle(Storage):
    """The life of stored pictures."""

    _core: Core
    _options: Options

    def temporary(
        self, making: Awaitable[Media], *, grace: float = GRACE
    ) -> AbstractAsyncContextManager[Media]:
        """Make a picture, use it in the ``async with`` block, and have it deleted.

        It is deleted however the block ends. A cancellation that strikes while it is
        being made waits until its link is known, deletes it, and then goes on.

        Args:
            making: What makes it, such as ``pixlab.oilpaint(path, radius=3)``.
            grace: Seconds that a cancelled caller waits for the link, and then for the
                deletion, at most. Default 30.

        Raises:
            CleanupFailed: The deletion could not be confirmed; ``error.media`` may still
                be stored. (Over a cancellation it is logged instead.)
            PixLabError: The picture could not be made.
        """
        return temporary(making, self._delete_if_there, grace)

    async def generate_then_delete(
        self,
        making: Awaitable[Media],
        use: Callable[[Media], Awaitable[R]],
        *,
        grace: float = GRACE,
    ) -> R:
        """Make a picture, await ``use(media)``, delete the picture, return use's result.

        Args:
            making: What makes it, such as ``pixlab.oilpaint(path, radius=3)``.
            use: An async function that is given the stored picture.
            grace: As in ``temporary``.

        Raises:
            CleanupFailed: As in ``temporary``.
            PixLabError: The picture could not be made.
        """
        async with self.temporary(making, grace=grace) as media:
            return await use(media)

    async def download(
        self,
        media: Media | str,
        destination: str | os.PathLike[str],
        *,
        max_bytes: int = LIMIT,
    ) -> Path:
        """Fetch a stored picture into a file.

        The key is not sent. The file appears under its name when it is whole, and not
        before; one that is there is replaced then.

        Args:
            media: The picture, or its link: https, or http to this machine.
            destination: The file's path; its folder must exist.
            max_bytes: The largest file to take. Default 256 MiB.

        Returns:
            The file's path.

        Raises:
            ConfigurationError: The link or the destination cannot be used.
            NotFound: Nothing is at the link.
            UnreadableReply: The file is larger than allowed.
            PixLabError: Any other failure, see the error tree.
        """
        link = _secure_link(media) if isinstance(media, Media) else media
        path = Path(destination)
        return await download(self._core, self._options, link, path, limit=max_bytes)

    def delete_many(self, links: Links, *, concurrency: int = CONCURRENCY) -> DeleteMany:
        """Delete any number of links; iterate the result for one outcome each.

        Links are taken from the iterable as they are needed and never collected. One bad
        link does not stop the others. A cause that they all share does (401, 405, no key):
        no further link is taken, what is under way ends, its outcomes are given, and then
        the error is raised.

        A plain ``async for`` gets outcomes about once a second, and none while an async
        iterable is waited for. Where links trickle in, or the loop is slow, write ``async
        with pixlab.delete_many(links) as batch: async for outcome in batch``: deletions then
        go on in the background, until the block is left.

        Args:
            links: Links, ids or ``Media``: any iterable or async iterable.
            concurrency: Deletions under way at once, at most. Default 10.

        Raises:
            ConfigurationError: An argument cannot be used; the message says the mend.
        """
        if not isinstance(concurrency, int) or concurrency < 1:
            raise ConfigurationError(f"concurrency must be 1 or more, not {concurrency!r}.")

        return DeleteMany(self._send_of_batch, links, concurrency=concurrency)

    async def _delete_if_there(self, media: Media) -> Deletion:
        deletion = None
        failure: PixLabError | None = None
        for target in (*media.meta.left_stored, media):
            try:
                deletion = await self.delete(target, missing_ok=True)
            except PixLabError as error:  # the others are tried all the same
                failure = error
        if failure is not None:
            raise failure

        assert deletion is not None
        return deletion

    async def _send_of_batch(self, call: Call[Deletion], track: Track) -> Deletion:
        return await recorded(self._core, call, self._options, priority=Priority.BATCH, track=track)


def _secure_link(media: Media) -> str:
    """The picture's https address where the service gives one beside a plain one.

    Real replies had the undocumented field ``ssl_link``; older links were plain http.
    """
    secure = media.extra.get("ssl_link")
    plain = not media.link.startswith("https:")
    return secure if plain and isinstance(secure, str) else media.link
