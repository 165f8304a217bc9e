"""What the user sees: results on standard output, everything else on standard error.

A result is one line for people, or with ``--json`` one JSON object. So is an error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping

import click

from .._errors import ConnectionFailed, PixLabError, ReplyError
from .._results import JSON, Meta
from .._wording import printable
from ._exits import mend_of


def show(line: str, fields: Mapping[str, JSON] | list[JSON], *, as_json: bool) -> None:
    """Print one result, in one of its two forms, at once."""
    click.echo(json.dumps(fields) if as_json else printable(line))


def tell(line: str) -> None:
    """Print a line that is no result."""
    click.echo(printable(line), err=True)


def tell_left(meta: Meta) -> None:
    """Print what a call left stored, if it did."""
    for media in meta.left_stored:
        tell(
            f"pixlab: a source was stored for the call, and could not be deleted after it. "
            f"Delete it with: pixlab delete {media.link}"
        )


def complain(error: PixLabError, *, as_json: bool) -> None:
    """Print an error and its mend."""
    mend = mend_of(error)
    if isinstance(error, ConnectionFailed) and error.permanent:
        mend = "Check the base URL and its certificate."
    if as_json:
        fields: dict[str, JSON] = {
            "error": error.summary,
            "kind": type(error).__name__,
            "endpoint": error.endpoint,
            "status": error.status if isinstance(error, ReplyError) else None,
            "attempts": error.attempts,
            "mend": mend or None,
        }
        click.echo(json.dumps(fields), err=True)
        return

    text = str(error)
    dot = "" if not mend or text.endswith(".") else "."
    tell(f"pixlab: {text}{dot} {mend}".rstrip())


def complain_of_usage(problem: str, *, as_json: bool, hint: str = "") -> None:
    """Print what is wrong with the command itself."""
    if as_json:
        fields: dict[str, JSON] = {"error": problem, "kind": "Usage", "endpoint": None}
        click.echo(json.dumps({**fields, "status": None}), err=True)
    else:
        tell(f"pixlab: {problem}{hint}")


def facts(meta: Meta) -> dict[str, JSON]:
    """The facts of a call for a JSON result."""
    return {"attempts": meta.attempts, "elapsed": round(meta.elapsed, 4)}


def leave_stdout() -> None:
    """Let nothing more be written to a standard output that nobody reads.

    Python would complain while it ends, since it still wants to flush it.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(null, stream.fileno())
