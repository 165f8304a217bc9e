"""``pixlab cleanup``: a durable job on a terminal, in a cron job, or behind a pipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from .._bulk import CONCURRENCY
from ..ledger._values import seconds_of
from ._attend import Gently, attend
from ._cleanup_job import Asked, Work
from ._settings import Settings, ledger_file, service_options

_FILE = click.Path(path_type=Path)


@click.command(short_help="Delete any number of links, and go on where it was stopped.")
@click.argument("source", metavar="[FILE]", required=False)
@click.option("--column", help="The column with the links. [default: link]")
@click.option(
    "--journal",
    type=_FILE,
    help="Knows what is done, so that the job can be gone on with. [default: FILE.journal]",
)
@ledger_file("Without FILE: take the links from here. With it: record here what is deleted.")
@click.option("--older-than", metavar="AGE", help="Of the ledger: such as 7d, 12h or 30m.")
@click.option("--tag", help="Of the ledger: what has this label.")
@click.option("--endpoint", help="Of the ledger: what this endpoint made.")
@click.option("--temporary", is_flag=True, help="Of the ledger: what should be gone long since.")
@click.option("--dry-run", is_flag=True, help="Read and check all, and send nothing.")
@click.option("--max-deletes", type=click.IntRange(min=1), help="Send no more links than that.")
@click.option(
    "--stop-after-failures", type=click.IntRange(min=1), help="Stop after so many in a row."
)
@click.option("--missing-ok", is_flag=True, help="Go on where the first 50 links are all gone.")
@click.option("--deadline", metavar="TIME", help="Stop after this time, such as 2h.")
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=CONCURRENCY,
    show_default=True,
    help="Deletions under way at once, at most.",
)
@click.option(
    "--grace",
    metavar="TIME",
    default="10s",
    show_default=True,
    help="How long a signal lets what is under way end.",
)
@click.option("--allow-host", metavar="HOST", multiple=True, help="Delete links of this host only.")
@click.option("--protect", type=_FILE, metavar="FILE", help="Links and ids never to be deleted.")
@click.option(
    "--report",
    type=_FILE,
    metavar="FILE",
    multiple=True,
    help="Write a report at the end: .jsonl, .csv or .html.",
)
@click.option("--show-links", is_flag=True, help="Show links whole in an HTML report.")
@click.option("--compact", is_flag=True, help="Keep two bits per link, however few there are.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting over 1,000 links.")
@service_options
def cleanup(settings: Settings, /, **given: Any) -> None:
    """Delete what is stored at the links in FILE, one per line.

    FILE may also be .csv, .tsv, .jsonl or .parquet with a column of links, packed with gzip,
    or a single - for standard input. Stop it by Ctrl-C and run it again: it goes on where it
    was. Without FILE, a ledger says what is stored.
    """
    asked = Asked(**given)
    work = Work(settings, asked)
    raise SystemExit(attend(work, Gently(work.stop, seconds_of(asked.grace, "--grace"))))
