"""The commands that are one call, and of their own kind: store, and status."""

from __future__ import annotations

from pathlib import Path

import click

from .._results import JSON
from ._exits import Exit
from ._output import facts, show
from ._pictures import kept
from ._settings import Settings, recording_options, runs, service_options


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--comment", metavar="TEXT", help="Free text that is kept with it.")
@service_options
@recording_options
@runs
async def store(settings: Settings, *, file: Path, comment: str | None) -> Exit:
    """Upload FILE, and print its link."""
    async with (
        settings.client() as client,
        kept(client, client.store(file, comment=comment)) as stored,
    ):
        fields: dict[str, JSON] = {"link": stored.link, "id": stored.id, **facts(stored.meta)}
        show(stored.link, fields, as_json=settings.as_json)

    return Exit.DONE


@click.command()
@service_options
@runs
async def status(settings: Settings) -> Exit:
    """Ask PixLab how it is. Needs no key."""
    async with settings.client(keyless=True) as client:
        answer = await client.status()

    fields: dict[str, JSON] = {"status": 200, "payload": answer.payload, **facts(answer.meta)}
    show(answer.payload or "All is well.", fields, as_json=settings.as_json)
    return Exit.DONE
