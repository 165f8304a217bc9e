"""What a client does with stored pictures beyond one call: lend, fetch, delete many."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from ._core import Core, Track
from ._download import LIMIT, download
from ._errors import PixLabError
from ._gate import Gate, Priority
from ._options import Options
from ._pacer import Pacer, per_minute
from ._protocol import Call
from ._recording import check_recorder, recall, recorded
from ._results import Deletion, Media
from ._temporary import GRACE, temporary
from .endpoints.storage import Storage

if TYPE_CHECKING:
    from ._bulk import BatchRules, BatchSummary, DeleteMany, Feed, Links

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
        allow_private: bool = False,
    ) -> Path:
        """Fetch a stored picture into a file.

        The key is not sent. The file appears under its name when it is whole, and not
        before; one that is there is replaced then. A link is somebody else's word, so
        it may lead to the public internet or to where the service is, and nowhere else.

        Args:
            media: The picture, or its link: https, or http to a service on this machine.
            destination: The file's path; its folder must exist.
            max_bytes: The largest file to take. Default 256 MiB.
            allow_private: Let the link lead anywhere, as into the network that this
                machine is in. Default False.

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
        return await download(
            self._core, self._options, link, path, limit=max_bytes, allow_private=allow_private
        )

    def delete_many(
        self,
        links: Links,
        *,
        concurrency: int = 10,
        rate: str | None = None,
        order: Literal["completion", "input"] = "completion",
        dedupe: bool = False,
        missing_ok: bool = False,
        on_error: Literal["continue", "stop"] = "continue",
        max_deletes: int | None = None,
        stop_after_failures: int | None = None,
        deadline: float | None = None,
        second_pass: bool = True,
        dry_run: bool = False,
        progress: Callable[[BatchSummary], object] | None = None,
    ) -> DeleteMany:
        """Delete any number of links; iterate the result for one outcome each.

        Links are taken from the iterable as they are needed and never collected. One bad
        link does not stop the others. What failed for a reason that may pass is tried once
        more when the list is at its end. Some things stop the batch: 401, 405, no key; the
        first 50 links all being gone already; 50 refusals in a row with the same status; and
        the limits below. Then no further link is taken, what is under way ends, its outcomes
        are given, and one error is raised, whose ``batch`` is the summary.

        A plain ``async for`` gets outcomes about once a second, and none while an async
        iterable is waited for. Where links trickle in, or the loop is slow, write ``async
        with pixlab.delete_many(links) as batch: async for outcome in batch``: deletions then
        go on in the background, until the block is left.

        Args:
            links: Links, ids or ``Media``: any iterable or async iterable.
            concurrency: Deletions under way at once, at most. Default 10.
            rate: Requests per minute of this batch, at most, such as "600/min" or "10/s". The
                client's own limit, given or learnt, holds as well. Default: no other limit.
            order: "completion" (default): outcomes come as deletions end. "input": in the
                order of the links; the batch runs at most 1,000 links ahead of the oldest
                outcome that is missing.
            dedupe: Whether a link that is the same, to the letter, as one of the last 32,768
                is not sent again, but shares its outcome. Default False.
            missing_ok: Whether to go on where the first 50 links are all gone already.
            on_error: "continue" (default), or "stop" at the first link that is ``failed`` or
                ``rejected``, and raise its error.
            max_deletes: Send no more than this many links; where there are more, stop.
            stop_after_failures: Stop after this many ``failed`` or ``rejected`` in a row.
            deadline: Seconds for the whole batch, from the first link on; then it stops.
                Calls that are under way may end. Default: no limit.
            second_pass: Whether what failed for a passing reason is tried once more.
            dry_run: Whether to check the links only and send nothing: ``not_sent``.
            progress: Is called with a ``BatchSummary`` four times a second at most, when
                outcomes come, and at the end. A plain and quick function.

        Raises:
            ConfigurationError: An argument cannot be used; the message says the mend.
            BatchStopped: While iterating: one of the limits was reached.
            PixLabError: While iterating: a cause that all links share.
        """
        from ._bulk import BatchRules, IterableFeed  # noqa: PLC0415 - few need it

        rules = BatchRules(
            concurrency,
            order,
            dedupe,
            missing_ok,
            on_error,
            max_deletes,
            stop_after_failures,
            deadline,
            second_pass,
            dry_run,
        )
        return self._batch(IterableFeed(links), rules, rate=rate, progress=progress)

    def _batch(
        self,
        feed: Feed,
        rules: BatchRules,
        *,
        rate: str | None = None,
        progress: Callable[[BatchSummary], object] | None = None,
        window: int = 1000,
    ) -> DeleteMany:
        """What ``delete_many`` and the jobs of this package stand on."""
        from ._bulk import DeleteMany  # noqa: PLC0415 - few need it

        return DeleteMany(
            self._send_of_batch,
            feed,
            rules,
            recall=self._recall,
            pace=None if rate is None else Gate(rules.concurrency, Pacer(per_minute(rate))),
            breather=self._options.retry.cap,
            progress=progress,
            window=window,
        )

    async def delete_all(
        self,
        links: Links,
        *,
        concurrency: int = 10,
        rate: str | None = None,
        dedupe: bool = False,
        missing_ok: bool = False,
        on_error: Literal["continue", "stop"] = "continue",
        max_deletes: int | None = None,
        stop_after_failures: int | None = None,
        deadline: float | None = None,
        second_pass: bool = True,
        dry_run: bool = False,
        progress: Callable[[BatchSummary], object] | None = None,
    ) -> BatchSummary:
        """Delete any number of links; how many came to what.

        Args:
            links: As in ``delete_many``, like all the others.
            concurrency: Default 10.
            rate: Requests per minute, at most.
            dedupe: Whether a repeated link is sent once.
            missing_ok: Whether to go on where the first 50 links are all gone already.
            on_error: "continue" (default) or "stop".
            max_deletes: Links to send, at most.
            stop_after_failures: Failures in a row after which to stop.
            deadline: Seconds for the whole batch.
            second_pass: Whether what failed for a passing reason is tried once more.
            dry_run: Whether to check the links only.
            progress: Is called with the summary so far.

        Returns:
            The summary, also where single links failed: see its ``raise_if_incomplete()``.

        Raises:
            ConfigurationError: An argument cannot be used; the message says the mend.
            BatchStopped: One of the limits was reached; ``error.batch`` is the summary.
            PixLabError: A cause that all links share; the same.
        """
        batch = self.delete_many(
            links,
            concurrency=concurrency,
            rate=rate,
            dedupe=dedupe,
            missing_ok=missing_ok,
            on_error=on_error,
            max_deletes=max_deletes,
            stop_after_failures=stop_after_failures,
            deadline=deadline,
            second_pass=second_pass,
            dry_run=dry_run,
            progress=progress,
        )
        async with batch:
            async for _ in batch:
                pass

        return batch.summary()

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

    async def _recall(self, seconds: float) -> None:
        await recall(self._core.recorder, seconds)

    async def _send_of_batch(self, call: Call[Deletion], track: Track) -> Deletion:
        check_recorder(self._core.recorder)
        return await recorded(self._core, call, self._options, priority=Priority.BATCH, track=track)


def _secure_link(media: Media) -> str:
    """The picture's https address where the service gives one beside a plain one.

    Real replies had the undocumented field ``ssl_link``; older links were plain http.
    """
    secure = media.extra.get("ssl_link")
    plain = not media.link.startswith("https:")
    return secure if plain and isinstance(secure, str) else media.link
