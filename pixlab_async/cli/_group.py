"""What all commands have in common: how they are found, exit codes, errors without tracebacks.

A command is imported or made when it is asked for: there are over a hundred.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import click

from .._errors import PixLabError
from ._exits import Exit, code_of
from ._methods import has_method, names
from ._output import complain, complain_of_usage, leave_stdout

# Those that are no endpoint, or more than one call; and the modules that they are in.
_MODULES = {
    "demo": "_demo",
    "store": "_service",
    "delete": "_delete",
    "cleanup": "_cleanup",
    "ledger": "_ledger",
    "status": "_service",
    "probe": "_probe",
    "serve": "_serve",
    "endpoints": "_endpoints",
    "call": "_call",
}


class Commands(click.Group):
    """A group that ends with this package's exit codes, and says what went wrong in a line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command's name."""
        return [*_MODULES, *_others()]

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name in _MODULES:
            module = import_module(f".{_MODULES[cmd_name]}", __package__)
            command: click.Command = getattr(module, cmd_name)
            return command

        if has_method(cmd_name):
            from ._options import command_of  # noqa: PLC0415 - the others need none of it

            return command_of(cmd_name)

        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; where there is none, say which may be."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            ctx.fail(_unknown(args[0]))

        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections of the commands: each of ours, then the endpoints by groups."""
        from ..catalogue import catalogue  # noqa: PLC0415 - only help needs it

        rows: list[tuple[str, str]] = []
        for name in _MODULES:
            command = self.get_command(ctx, name)
            assert command is not None
            rows.append((name, command.get_short_help_str(limit=80)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

        groups: dict[str, list[str]] = {}
        for name in _others():
            groups.setdefault(catalogue()[name].group, []).append(name)
        with formatter.section("Endpoints (see: pixlab endpoints)"):
            formatter.write_dl([(group, " ".join(groups[group])) for group in sorted(groups)])

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


def _others() -> list[str]:
    return [name for name in names() if name not in _MODULES]


def _unknown(name: str) -> str:
    """What is wrong with a command's name."""
    from ..catalogue import catalogue  # noqa: PLC0415 - only slips need it

    if name in catalogue():
        return (
            f"Of the endpoint {name!r} nothing but the name is known, so it has no command. "
            f"Try: pixlab call {name} [SOURCE] --param NAME=VALUE."
        )

    near = get_close_matches(name, [*_MODULES, *_others()], 3)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"No such command {name!r}.{hint} `pixlab endpoints` lists all endpoints."


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
