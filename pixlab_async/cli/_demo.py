"""``pixlab demo``: the whole job once, on the emulator or on the real service.

Store a picture, paint it, fetch the result, delete both; and show before and after.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import anyio.to_thread
import click
from attrs import define, field

from .._client import AsyncPixLab
from .._results import JSON
from .._whole import check_output
from ._exits import Exit
from ._extras import extras
from ._output import show
from ._settings import Settings, runs, service_options

if TYPE_CHECKING:
    from ..emulator import Emulator

_PICTURE = Path(__file__).with_name("demo.jpg")
_OUTPUT = "pixlab-demo.png"


@click.command(short_help="Run the whole job once, and show before and after.")
@click.argument(
    "picture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    required=False,
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=_OUTPUT,
    show_default=True,
    help="Where before and after go, side by side.",
)
@click.option(
    "--radius", type=click.FloatRange(0, 10), default=4, show_default=True, help="Pixels."
)
@service_options
@runs
async def demo(settings: Settings, *, picture: Path | None, output: Path, radius: float) -> Exit:
    """Store PICTURE, paint it in oil, fetch the result, and delete both.

    Without a key it runs on an emulator within this process, which needs no network. With
    PIXLAB_API_KEY or --key-file it runs on the real service. The default PICTURE comes with
    the package.
    """
    with extras():
        from ._compose import check_format, side_by_side  # noqa: PLC0415 - needs Pillow

    check_output(output)
    check_format(output)
    before = picture or _PICTURE
    async with _place(settings) as (client, emulator), AsyncExitStack() as stored:
        with TemporaryDirectory(prefix="pixlab-demo-") as folder:
            steps = _begin(settings, emulator)
            making = client.store(before)
            original = await stored.enter_async_context(client.temporary(making))
            steps.done("store", f"{before.name}, {_size(before)}", link=original.link)

            making = client.oilpaint(original, radius)
            painted = await stored.enter_async_context(client.temporary(making))
            steps.done("oilpaint", f"radius {radius:g}", link=painted.link)

            after = await client.download(painted, Path(folder, "after"))
            steps.done("download", _size(after), link=painted.link)

            await stored.aclose()
            steps.done("delete", "both pictures", links=[original.link, painted.link])

            captions = ("before", f"after: oil paint, radius {radius:g}")
            await anyio.to_thread.run_sync(side_by_side, before, after, captions, output)
            steps.done("show", str(output), file=str(output))

        # The service tells nobody what it stores; but each deletion was confirmed, or raised.
        left = 0 if emulator is None else len(emulator.stored())

    show(f"\nLeft stored: {left}", {"left": left}, as_json=settings.as_json)
    return Exit.REFUSED if left else Exit.DONE


@asynccontextmanager
async def _place(settings: Settings) -> AsyncGenerator[tuple[AsyncPixLab, Emulator | None]]:
    """A client, and the emulator that it is connected to where it is one of our own."""
    if settings.names_a_service:
        async with settings.client() as client:
            yield client, None
        return

    with extras():
        from ..emulator import Emulator  # noqa: PLC0415 - heavy, and needs an extra

    async with (
        Emulator() as emulator,
        settings.connect(emulator.api_key, emulator.base_url) as client,
    ):
        yield client, emulator


@define
class _Steps:
    """Prints each step and the time since the one before."""

    as_json: bool
    number: int = 0
    since: float = field(factory=time.perf_counter)

    def done(self, name: str, text: str, **fields: JSON) -> None:
        elapsed = time.perf_counter() - self.since
        self.number += 1
        line = f"  {self.number}  {name:<9}{elapsed * 1000:8,.0f} ms   {text}"
        timed: dict[str, JSON] = {"step": name, "elapsed": round(elapsed, 4)}
        show(line, {**timed, **fields}, as_json=self.as_json)
        self.since = time.perf_counter()


def _begin(settings: Settings, emulator: Emulator | None) -> _Steps:
    """Say where the demo runs."""
    if emulator is None:
        where = settings.origin
        sentence = f"On {where}, with your API key.\n"
    else:
        where = emulator.base_url
        sentence = f"On a local emulator at {where}: nothing leaves this machine.\n"
    fields: dict[str, JSON] = {"service": where, "emulator": emulator is not None}
    show(sentence, fields, as_json=settings.as_json)
    return _Steps(settings.as_json)


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1000:,.0f} kB"
