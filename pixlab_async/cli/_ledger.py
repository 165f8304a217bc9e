"""``pixlab ledger``: what a ledger holds, and what is put into it by hand.

Nothing here asks the service anything. Rows are printed as they are read, however many.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

import click

from .._errors import ConfigurationError
from .._sources import check_link
from .._whole import PRIVATE, check_output, replacing
from .._wording import in_line, masked
from ..cleanup._items import Source
from ..cleanup._sources import source_of
from ._exits import Exit
from ._output import show
from ._rows import (
    csv_head,
    csv_of,
    fields_of,
    fields_of_call,
    fields_of_counts,
    words_of,
    words_of_call,
    words_of_counts,
)
from ._settings import json_option, ledger_file, runs

if TYPE_CHECKING:
    from ..ledger import Ledger, StoredMedia

_BLOCK = 500
# How a picture is exported.
_FORMS: dict[str, Callable[[StoredMedia], str]] = {
    "links": lambda media: in_line(media.link) + "\n",
    "csv": csv_of,
    "jsonl": lambda media: json.dumps(fields_of(media)) + "\n",
}
_ledger_option = ledger_file("The ledger.", required=True)


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which rows are meant."""
    for option in (
        click.option(
            "--temporary/--no-temporary",
            default=None,
            help="Those that --temporary or temporary() made, which should be gone; or the others.",
        ),
        click.option("--endpoint", metavar="NAME", help="Those that this endpoint made."),
        click.option("--tag", metavar="TEXT", help='Those with this label; "" for those without.'),
        click.option("--older-than", metavar="AGE", help="Those of that age, such as 7d or 12h."),
    ):
        command = option(command)
    return command


@click.group(short_help="What is stored and not deleted yet.")
def ledger() -> None:
    """What programs stored at PixLab and did not delete yet, as their ledger has it.

    PixLab has no list of it. Commands with --ledger FILE write one, and so does
    AsyncPixLab(ledger=Ledger(FILE)).
    """


@ledger.command("list")
@_ledger_option
@_which
@click.option("--uncertain", is_flag=True, help="Calls whose reply was lost, or is awaited.")
@click.option("--links", is_flag=True, help="Show whole links: whoever has one sees the picture.")
@json_option
@runs
async def list_(
    *,
    ledger: Path,
    older_than: str | None,
    tag: str | None,
    endpoint: str | None,
    temporary: bool | None,
    uncertain: bool,
    links: bool,
    as_json: bool,
) -> Exit:
    """List what is stored, oldest first."""
    async with _opened(ledger) as rows:
        if uncertain:
            if endpoint is not None or temporary is not None:
                raise click.UsageError("--uncertain goes with --older-than and --tag alone.")

            async for call in rows.uncertain(older_than=older_than, tag=tag):
                show(words_of_call(call), fields_of_call(call), as_json=as_json)
            return Exit.DONE

        async for media in rows.stored(
            older_than=older_than, tag=tag, endpoint=endpoint, temporary=temporary
        ):
            link = media.link if links else masked(media.link)
            show(words_of(media, link), fields_of(media), as_json=as_json)
    return Exit.DONE


@ledger.command()
@_ledger_option
@json_option
@runs
async def stats(*, ledger: Path, as_json: bool) -> Exit:
    """Count what is stored, uncertain and gone."""
    async with _opened(ledger) as rows:
        counts = await rows.stats()
    show(words_of_counts(counts), fields_of_counts(counts), as_json=as_json)
    return Exit.DONE


@ledger.command()
@_ledger_option
@_which
@click.option(
    "--format",
    "form",
    type=click.Choice(["links", "csv", "jsonl"]),
    default="links",
    show_default=True,
    help="One link per line, or all facts.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write this file, which only you can read. [default: standard output]",
)
@runs
async def export(
    *,
    ledger: Path,
    older_than: str | None,
    tag: str | None,
    endpoint: str | None,
    temporary: bool | None,
    form: Literal["links", "csv", "jsonl"],
    output: Path | None,
) -> Exit:
    """Write the links of what is stored, oldest first."""
    if output is not None:
        check_output(output)
    async with _opened(ledger) as rows:
        found = rows.stored(older_than=older_than, tag=tag, endpoint=endpoint, temporary=temporary)
        with _written(output) as file:
            file.write(csv_head() if form == "csv" else "")
            async for media in found:
                file.write(_FORMS[form](media))
    return Exit.DONE


@ledger.command("import")
@click.argument("file")
@_ledger_option
@click.option("--column", metavar="NAME", help="The column of the links. [default: link]")
@click.option("--tag", metavar="TEXT", default="", help="The label of the new rows.")
@json_option
@runs
async def import_(*, file: str, ledger: Path, column: str | None, tag: str, as_json: bool) -> Exit:
    """Take over links from FILE, as stored now.

    FILE has one link per line, or a column of links where it ends with .csv, .tsv, .jsonl or
    .parquet; - is standard input. Links that are there already stay as they are, so that
    the same file can be imported again.
    """
    from ..ledger import Ledger  # noqa: PLC0415 - SQLite is needed here alone

    source = source_of(file, column=column)
    total = 0

    async def links() -> AsyncGenerator[str]:
        nonlocal total
        async with aclosing(_links_of(source)) as found:
            async for link in found:
                total += 1
                yield link

    async with Ledger(ledger) as rows, aclosing(links()) as given:
        new = await rows.add(given, tag=tag)
    show(
        f"{new:,} new, {total - new:,} there already",
        {"new": new, "known": total - new},
        as_json=as_json,
    )
    return Exit.DONE


@ledger.command()
@click.argument("links", metavar="[LINK...]", nargs=-1)
@_ledger_option
@click.option(
    "--state",
    type=click.Choice(["stored", "uncertain", "gone"]),
    help="Forget all rows in this state that fit the options below.",
)
@_which
@click.option("--yes", is_flag=True, help="Needed with --state.")
@json_option
@runs
async def forget(
    *,
    links: tuple[str, ...],
    ledger: Path,
    state: Literal["stored", "uncertain", "gone"] | None,
    older_than: str | None,
    tag: str | None,
    endpoint: str | None,
    temporary: bool | None,
    yes: bool,
    as_json: bool,
) -> Exit:
    """Remove rows from the ledger. Deletes nothing at PixLab: see `pixlab delete`.

    A LINK is one exactly as PixLab gave it, or an id. A single - reads links from standard
    input, one per line.
    """
    which = {"older_than": older_than, "tag": tag, "endpoint": endpoint, "temporary": temporary}
    _check_forget(links, state, which, yes=yes)
    async with _opened(ledger) as rows:
        if state is not None:
            count = await rows.forget_all(
                state, older_than=older_than, tag=tag, endpoint=endpoint, temporary=temporary
            )
        elif links == ("-",):
            async with aclosing(_links_of(source_of("-"))) as given:
                count = await rows.forget(given)
        else:
            count = await rows.forget(links)
    show(f"{count:,} forgotten", {"forgotten": count}, as_json=as_json)
    return Exit.DONE


@contextmanager
def _written(output: Path | None) -> Generator[TextIO]:
    """The file to write, which is there when it is whole; or standard output."""
    if output is None:
        yield sys.stdout
        return

    with (
        replacing(output, mode=PRIVATE) as part,
        part.open("w", encoding="utf-8", newline="") as file,
    ):
        yield file


def _check_forget(
    links: tuple[str, ...], state: str | None, which: dict[str, Any], *, yes: bool
) -> None:
    """See that it is clear which rows are meant, and that they are."""
    if bool(links) == (state is not None):
        raise click.UsageError("Pass links, or --state with any of the options: one of the two.")

    if "-" in links and len(links) > 1:
        raise click.UsageError("- stands alone: links come from arguments or from standard input.")

    if state is None and any(value is not None for value in which.values()):
        raise click.UsageError("--older-than, --tag and the like go with --state.")

    if state is not None and not yes:
        raise click.UsageError(
            "Rows that are forgotten cannot be found again: pass --yes. `pixlab ledger export` "
            "keeps a copy of what is stored."
        )


def _opened(path: Path) -> Ledger:
    """The ledger, which must be there: a slip in its name must not look like an empty one."""
    from ..ledger import Ledger  # noqa: PLC0415 - SQLite is needed here alone

    if not path.exists():
        raise ConfigurationError(
            f"There is no ledger {str(path)!r}: pass as --ledger a file that a command or a "
            f"program wrote, or make one with `pixlab ledger import`."
        )

    return Ledger(path)


async def _links_of(source: Source) -> AsyncGenerator[str]:
    """The links of a source; what is no link is told with its line."""
    async for block in source.blocks(_BLOCK):
        for number, link in block:
            try:
                yield check_link(link, "link")
            except ConfigurationError as error:
                raise ConfigurationError(f"{source.name}, line {number}: {error}") from None
