"""The group of all commands, and those that are one call: store, oilpaint, status."""

from __future__ import annotations

from pathlib import Path

import click

from .._client import AsyncPixLab
from .._results import JSON, Media
from .._version import VERSION
from ._delete import delete
from ._demo import demo
from ._exits import MEANINGS, Exit
from ._group import Commands
from ._output import facts, show
from ._pictures import check_output, kept
from ._serve import serve
from ._settings import Settings, runs, service_options

_EXIT_CODES = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())


@click.group(
    cls=Commands,
    epilog=f"\b\nExit codes:\n{_EXIT_CODES}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(VERSION, prog_name="pixlab")
def pixlab() -> None:
    """Store, paint and delete pictures with PixLab.

    The API key is read from PIXLAB_API_KEY or from --key-file FILE, never from an argument.
    Try `pixlab demo`: without a key it runs on this machine alone. A picture that a command
    made and could not tell you of is deleted again.
    """


@pixlab.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--comment", metavar="TEXT", help="Free text that is kept with it.")
@service_options
@runs
async def store(settings: Settings, *, file: Path, comment: str | None) -> Exit:
    """Upload FILE, and print its link."""
    async with (
        settings.client() as client,
        kept(client, client.store(file, comment=comment)) as stored,
    ):
        show(stored.link, _fields(stored), as_json=settings.as_json)

    return Exit.DONE


@pixlab.command()
@click.argument("source")
@click.option("--radius", type=click.FloatRange(0, 10), required=True, help="Pixels.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Save the result here.")
@click.option("--temporary", is_flag=True, help="Delete the result once it is saved.")
@service_options
@runs
async def oilpaint(
    settings: Settings, *, source: str, radius: float, output: Path | None, temporary: bool
) -> Exit:
    """Paint SOURCE in oil, and print the result's link.

    SOURCE is an http(s) URL, or a local file, which is uploaded.
    """
    if output is not None:
        check_output(output)
    elif temporary:
        raise click.UsageError("--temporary needs --output: else nobody would see the picture.")

    is_link = source.lower().startswith(("http://", "https://"))
    async with settings.client() as client:
        making = client.oilpaint(source if is_link else Path(source), radius)
        if temporary:
            async with client.temporary(making) as painted:
                await _save(client, painted, output)
            _show_painted(painted, output, settings, deleted=True)
        else:
            async with kept(client, making) as painted:
                await _save(client, painted, output)
                _show_painted(painted, output, settings, deleted=False)

    return Exit.DONE


@pixlab.command()
@service_options
@runs
async def status(settings: Settings) -> Exit:
    """Ask PixLab how it is. Needs no key."""
    async with settings.client(keyless=True) as client:
        answer = await client.status()

    fields: dict[str, JSON] = {"status": 200, "payload": answer.payload, **facts(answer.meta)}
    show(answer.payload or "All is well.", fields, as_json=settings.as_json)
    return Exit.DONE


pixlab.add_command(delete)
pixlab.add_command(demo)
pixlab.add_command(serve)


async def _save(client: AsyncPixLab, painted: Media, output: Path | None) -> None:
    if output is not None:
        await client.download(painted, output)


def _show_painted(
    painted: Media, output: Path | None, settings: Settings, *, deleted: bool
) -> None:
    lines = [] if deleted else [painted.link]
    if output is not None:
        lines.append(f"Saved as {output}")
    file = None if output is None else str(output)
    fields = {**_fields(painted), "file": file, "deleted": deleted}
    show("\n".join(lines), fields, as_json=settings.as_json)


def _fields(media: Media) -> dict[str, JSON]:
    return {"link": media.link, "id": media.id, **facts(media.meta)}
