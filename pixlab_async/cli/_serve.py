"""``pixlab serve``: the emulator on a port of this machine, until a signal ends it."""

from __future__ import annotations

import errno
import shlex
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click

from .._errors import ConfigurationError
from .._key import ENVIRONMENT as KEY_VARIABLE
from .._origin import ENVIRONMENT as BASE_VARIABLE
from .._origin import is_loopback
from .._results import JSON
from ._attend import STOPPED, attend
from ._exits import Exit
from ._extras import extras
from ._output import show, tell
from ._settings import json_option, read_key

if TYPE_CHECKING:
    from ..emulator import Emulator


@click.command(short_help="Run PixLab's emulator on a port of this machine.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep pictures here, also over a restart. [default: until the end]",
)
@click.option(
    "--limit-per-minute", type=click.IntRange(min=1), help="Requests per address before 429."
)
@click.option(
    "--api-key-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The file with the key to accept. [default: a random key]",
)
@click.option(
    "--fetch-private/--fetch-public",
    default=None,
    help="Fetch pictures from this machine and its network, too, or from the public internet "
    "alone. [default: private, unless others can reach the emulator]",
)
@json_option
def serve(
    host: str,
    port: int,
    folder: Path | None,
    limit_per_minute: int | None,
    api_key_file: Path | None,
    fetch_private: bool | None,
    as_json: bool,
) -> None:
    """Run PixLab's emulator until Ctrl-C or SIGTERM, which end it with exit code 0.

    What it prints can be pasted into another shell as it is.
    """
    make = partial(_emulator, host, port, folder, limit_per_minute, api_key_file, fetch_private)
    work = partial(_serve, make, host, port, api_key_file, as_json=as_json)
    code = attend(work)
    raise SystemExit(Exit.DONE if code in STOPPED else code)


def _emulator(
    host: str,
    port: int,
    folder: Path | None,
    limit_per_minute: int | None,
    key_file: Path | None,
    fetch_private: bool | None,
) -> Emulator:
    with extras():
        from ..emulator import Emulator  # noqa: PLC0415 - heavy, and needs an extra

    return Emulator(
        folder,
        api_key=None if key_file is None else read_key(key_file).reveal(),
        host=host,
        port=port,
        limit_per_minute=limit_per_minute,
        fetch_private=fetch_private,
    )


async def _serve(
    make: Callable[[], Emulator],
    host: str,
    port: int,
    key_file: Path | None,
    *,
    as_json: bool,
) -> Exit:
    emulator = make()
    if not is_loopback(host):
        tell(
            f"pixlab: {host} is no loopback address: others can reach the emulator. It is a tool "
            f"for tests, made for people who trust each other."
        )
    async with AsyncExitStack() as running:
        try:
            await running.enter_async_context(emulator)
        except OSError as error:
            emulator.stop()  # what it made before it failed to start
            raise _not_started(error, host, port) from error

        _announce(emulator.base_url, emulator.api_key, key_file, as_json=as_json)
        await anyio.sleep_forever()

    return Exit.DONE


def _announce(base_url: str, api_key: str, key_file: Path | None, *, as_json: bool) -> None:
    """Print what a user of the emulator needs; a key that came from a file stays there."""
    key = shlex.quote(api_key)
    if key_file is not None:
        key = f'"$(cat {shlex.quote(str(key_file.absolute()))})"'
    lines = [
        "# PixLab's emulator is running. Ctrl-C ends it. In another shell:",
        f"export {BASE_VARIABLE}={base_url}",
        f"export {KEY_VARIABLE}={key}",
        "",
        "# Then, for example:",
        "# pixlab oilpaint picture.jpg --radius 3 --output painted.jpg",
        f'# curl -F file=@picture.jpg -F radius=3 -F key="${KEY_VARIABLE}" \\',
        f'#     "${BASE_VARIABLE}/oilpaint"',
    ]
    fields: dict[str, JSON] = {
        "base_url": base_url,
        "api_key": api_key if key_file is None else None,
        "api_key_file": None if key_file is None else str(key_file.absolute()),
    }
    show("\n".join(lines), fields, as_json=as_json)


def _not_started(error: OSError, host: str, port: int) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(
            f"Port {port} is taken on {host}: pass another one with --port, or --port 0 for any "
            f"that is free."
        )

    about = f" ({error.filename})" if error.filename else ""
    return ConfigurationError(
        f"The emulator cannot start on {host}, port {port}: {error.strerror or error}{about}."
    )
