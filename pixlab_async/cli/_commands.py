"""The ``pixlab`` command: the group of all others, which are found in ``_group``."""

from __future__ import annotations

import click

from .._version import VERSION
from ._exits import MEANINGS
from ._group import Commands

_EXIT_CODES = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in MEANINGS.items())


@click.group(
    cls=Commands,
    epilog=f"\b\nExit codes:\n{_EXIT_CODES}",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(VERSION, prog_name="pixlab")
def pixlab() -> None:
    """Make, analyse, store and delete pictures with PixLab.

    The API key is read from PIXLAB_API_KEY or from --key-file FILE, never from an argument.
    Try `pixlab demo`: without a key it runs on this machine alone. A picture that a command
    made and could not tell you of is deleted again.

    Every endpoint whose parameters are known is a command: `pixlab blur --help`.
    """
