"""``pixlab delete``: links from arguments or, any number of them, from standard input."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import anyio
import click

from .._bulk import CONCURRENCY, WINDOW, DeleteMany
from .._errors import ReplyError
from .._patience import standard_input
from .._results import JSON, DeletionState, Outcome
from ..cleanup._streams import StandardInput
from ._exits import Exit, worst
from ._output import show
from ._progress import Tally, progress, summary
from ._settings import Settings, recording_options, runs, service_options

_CODES = {
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

    tally, codes = Tally(), dict(_CODES)
    if missing_ok:
        codes[DeletionState.ALREADY_GONE] = Exit.DONE

    async with settings.client() as client:
        try:
            if links == ("-",):
                async with aclosing(_links()) as lines:
                    batch = client.delete_many(lines, concurrency=concurrency)
                    await _report(batch, tally, codes, None, settings.as_json)
            else:
                batch = client.delete_many(links, concurrency=concurrency)
                await _report(batch, tally, codes, len(links), settings.as_json)
        finally:
            if not settings.as_json:
                show(summary(tally), {}, as_json=False)

    return worst(codes[state] for state in tally)


async def _links() -> AsyncGenerator[str]:
    async with aclosing(StandardInput(standard_input()).blocks(WINDOW)) as blocks:
        async for block in blocks:
            for item in block:
                yield item.link


async def _report(
    batch: DeleteMany,
    tally: Tally,
    codes: Mapping[DeletionState, Exit],
    total: int | None,
    as_json: bool,
) -> None:
    """Run the batch, count its outcomes, and print those that are for the user."""
    with progress(tally, total, quiet=as_json) as (update, aside):

        async def account() -> None:
            async for outcome in batch:
                tally[outcome.state] += 1
                done = codes[outcome.state] is Exit.DONE
                if as_json or not done:
                    with aside():
                        show(_line(outcome), _fields(outcome, done=done), as_json=as_json)
                update()

        try:
            async with batch:
                await account()
        finally:
            # What a signal cut short has an outcome too; nothing is waited for here.
            with anyio.CancelScope(shield=True):
                await account()


def _line(outcome: Outcome) -> str:
    """The outcome for people: only shown where it is not what they asked for."""
    state = outcome.state.replace("_", " ")
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
