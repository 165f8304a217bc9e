"""What all commands have in common: exit codes, and errors without tracebacks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from .._errors import PixLabError
from ._exits import Exit, code_of
from ._output import complain, complain_of_usage, leave_stdout


class Commands(click.Group):
    """A group that ends with this package's exit codes, and says what went wrong in a line."""

    def main(self, args: Sequence[str] | None = None, *others: Any, **extra: Any) -> NoReturn:
        """Run the command, and exit."""
        extra["standalone_mode"] = False
        # Not from the parsed options: it counts for errors of parsing too.
        as_json = "--json" in (sys.argv[1:] if args is None else args)
        try:
            returned: object = super().main(args, *others, **extra)
        except click.exceptions.NoArgsIsHelpError as help_wanted:
            help_wanted.show()
            returned = Exit.USAGE
        except click.Abort:
            returned = Exit.INTERRUPTED
        except (click.ClickException, PixLabError, OSError) as error:
            returned = _complain(error, as_json=as_json)
        sys.exit(returned if isinstance(returned, int) else Exit.DONE)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and leave quietly where nobody reads."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # in here: click's own main would make it a 1
            leave_stdout()
            raise SystemExit(Exit.NOBODY_READS) from None


def _complain(error: click.ClickException | PixLabError | OSError, *, as_json: bool) -> Exit:
    """Print the error; its exit code."""
    if isinstance(error, PixLabError):
        complain(error, as_json=as_json)
        return code_of(error)

    if isinstance(error, OSError):
        about = f"{error.filename}: " if error.filename else ""
        complain_of_usage(f"{about}{error.strerror or error}", as_json=as_json)
        return Exit.USAGE

    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f" See: {context.command_path} --help" if context else ""
    complain_of_usage(error.format_message(), as_json=as_json, hint=hint)
    return Exit.USAGE
