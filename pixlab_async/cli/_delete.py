"""``pixlab delete``: links from arguments or, any number of them, from standard input."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractContextManager, aclosing, nullcontext

import anyio
import click

from .._bulk import CONCURRENCY, WINDOW, DeleteMany
from .._client import AsyncPixLab
from .._errors import ReplyError
from .._patience import standard_input
from .._results import JSON, DeletionState, Outcome
from ..cleanup._progress import Progress
from ..cleanup._streams import StandardInput
from ._cleanup_display import Display
from ._cleanup_words import states, words
from ._exits import Exit, worst
from ._output import show
from ._settings import Settings, recording_options, runs, service_options

_CODES: dict[str, Exit] = {
    DeletionState.DELETED: Exit.DONE,
    DeletionState.DELETED_UNCONFIRMED: Exit.DONE,
    DeletionState.ALREADY_GONE: Exit.REFUSED,  # --missing-ok makes it DONE
    DeletionState.REJECTED: Exit.REFUSED,
    DeletionState.FAILED: Exit.TRANSIENT,
    DeletionState.UNKNOWN: Exit.TRANSIENT,
    DeletionState.NOT_SENT: Exit.TRANSIENT,
}


@click.command()
@click.argument("links", metavar="LINK...", nargs=-1, required=True)
@click.option("--missing-ok", is_flag=True, help="Be content where nothing is there any more.")
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=CONCURRENCY,
    show_default=True,
    help="Deletions under way at once, at most.",
)
@service_options
@recording_options
@runs
async def delete(
    settings: Settings, *, links: tuple[str, ...], missing_ok: bool, concurrency: int
) -> Exit:
    """Delete what is stored at each LINK.

    A LINK is one exactly as PixLab gave it, or an id. A single - reads links from standard
    input, one per line, any number of them.
    """
    if "-" in links and len(links) > 1:
        raise click.UsageError("- stands alone: links come from arguments or from standard input.")

    tally: Counter[str] = Counter()
    codes = dict(_CODES)
    if missing_ok:
        codes[DeletionState.ALREADY_GONE] = Exit.DONE

    async with settings.client() as client, aclosing(_read_links()) as read:
        is_read = links == ("-",)
        batch = client.delete_many(
            read if is_read else links, concurrency=concurrency, missing_ok=missing_ok
        )
        if settings.as_json:
            await _report(batch, tally, codes, nullcontext, as_json=True)
        else:
            total = None if is_read else len(links)
            progress = _progress(client, tally, total, is_pinned=settings.rate is not None)
            try:
                with Display("links", stays=False) as display:
                    async with display.following(progress):
                        await _report(batch, tally, codes, display.aside, as_json=False)
            finally:
                show(_summary(tally), {}, as_json=False)

    return worst(codes[state] for state in tally)


async def _read_links() -> AsyncGenerator[str]:
    async with aclosing(StandardInput(standard_input()).blocks(WINDOW)) as blocks:
        async for block in blocks:
            for item in block:
                yield item.link


def _progress(
    client: AsyncPixLab, tally: Counter[str], total: int | None, *, is_pinned: bool
) -> Callable[[], Progress]:
    """What tells how far the batch is, from now on."""
    began = time.monotonic()

    def progress() -> Progress:
        stats, elapsed = client.stats(), time.monotonic() - began
        return Progress(
            total=total,
            settled=tally.total(),
            counts=tally,
            in_flight=stats.in_use,
            rate_now=tally.total() * 60 / max(elapsed, 0.001),
            limit=stats.limit_per_minute,
            pinned=is_pinned,
            rate_limited=stats.rate_limited,
            paused_for=stats.paused_for,
            elapsed=elapsed,
        )

    return progress


async def _report(
    batch: DeleteMany,
    tally: Counter[str],
    codes: Mapping[str, Exit],
    aside: Callable[[], AbstractContextManager[None]],
    *,
    as_json: bool,
) -> None:
    """Run the batch, count its outcomes, and print those that are for the user.

    Args:
        batch: The deletions.
        tally: What became of the links so far.
        codes: What each state means for the user.
        aside: Makes room on the terminal for what is printed.
        as_json: Whether every outcome is printed, as JSON.
    """

    async def account() -> None:
        async for outcome in batch:
            tally[outcome.state] += 1
            done = codes[outcome.state] is Exit.DONE
            if as_json or not done:
                with aside():
                    show(_line(outcome), _fields(outcome, done=done), as_json=as_json)

    try:
        async with batch:
            await account()
    finally:
        # What a signal cut short has an outcome too; nothing is waited for here.
        with anyio.CancelScope(shield=True):
            await account()


def _summary(tally: Mapping[str, int]) -> str:
    """What became of the links, in the order of the states."""
    return ", ".join(f"{count:,} {words(state)}" for state, count in states(tally)) or (
        "nothing to delete"
    )


def _line(outcome: Outcome) -> str:
    """The outcome for people: only shown where it is not what they asked for."""
    state = words(outcome.state)
    if outcome.error is None:
        return f"{state}: {outcome.link}"

    return f"{state}: {outcome.link}: {outcome.error.summary}"


def _fields(outcome: Outcome, *, done: bool) -> dict[str, JSON]:
    error = outcome.error
    return {
        "index": outcome.index,
        "link": outcome.link,
        "state": outcome.state.value,
        "ok": done,
        "error": None if error is None else error.summary,
        "status": error.status if isinstance(error, ReplyError) else None,
        "attempts": outcome.attempts,
    }
