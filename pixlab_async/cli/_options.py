"""A click command for each typed method, made when it is asked for.

What is worked on are arguments, everything else options: named, typed and explained as the
method's signature and docstring have it. Ranges are told there and checked by the client.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ._exits import Exit
from ._methods import Kind, Method, Parameter, Result, method_of
from ._perform import Saving, perform
from ._settings import Settings, recording_options, runs, service_options

_TYPES = {Kind.WHOLE: int, Kind.NUMBER: float, Kind.FLAG: bool}
_METAVARS = {
    Kind.WHOLE: "N",
    Kind.NUMBER: "N",
    Kind.JSON: "JSON",
    Kind.RECTANGLES: "JSON",
    Kind.OVERLAYS: "JSON",
}
_JSON = "As JSON, @FILE, or - for standard input."
_PROSE = "The text itself, @FILE, or - for standard input."
_MORE_HELP = {
    Kind.JSON: _JSON,
    Kind.RECTANGLES: f"{_JSON} What `pixlab facedetect --json` prints is taken as it is.",
    Kind.OVERLAYS: f"{_JSON} An img is a link or a local file.",
    Kind.PROSE: _PROSE,
    Kind.MESSAGES: _PROSE,
    Kind.SECRET: "Others can see it in the list of processes: - reads it from standard input.",
}

_SAVED = {
    Result.STORED: "Save the result here.",
    Result.INLINE: "Save the picture here. [default: standard output, if it is no terminal]",
    Result.SCAN: "Save the face that was cut out here.",
}


class EndpointCommand(click.Command):
    """A command whose help explains its arguments, and puts its own options first."""

    method: Method

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections of the arguments and options."""
        arguments = [
            (_metavar(each), _help(each)) for each in self.method.parameters if each.positional
        ]
        own = {each.name for each in self.method.parameters} | _SAVING
        options: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            # Recent versions of click have a record of arguments too.
            if record is not None and isinstance(param, click.Option):
                (options if param.name in own else common).append(record)
        sections = (
            ("Arguments", arguments),
            ("Options", options),
            ("Options of all commands", common),
        )
        for title, rows in sections:
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def command_of(name: str) -> click.Command:
    """The command of the endpoint of that name, which must have a method."""
    method = method_of(name)

    @click.command(
        name,
        cls=EndpointCommand,
        params=[*map(_param, method.parameters), *_saving(method)],
        help="\n\n".join((method.doc.summary, *method.doc.paragraphs)),
        epilog=_documentation(method),
    )
    @service_options
    @recording_options
    @runs
    async def command(
        settings: Settings,
        /,
        *,
        save_as: Path | None = None,
        is_temporary: bool = False,
        as_blob: bool = False,
        **given: object,
    ) -> Exit:
        return await perform(settings, method, given, Saving(save_as, is_temporary, as_blob))

    assert isinstance(command, EndpointCommand)
    command.method = method
    return command


def _param(parameter: Parameter) -> click.Parameter:
    if parameter.positional:
        nargs = -1 if parameter.kind is Kind.SOURCES else 1
        return click.Argument(
            [parameter.name],
            nargs=nargs,
            required=True,
            metavar=_metavar(parameter),
        )

    name = parameter.name.replace("_", "-")
    is_flag = parameter.kind is Kind.FLAG
    # Said only where it is so: to recent versions of click, None is a value that was given.
    default: dict[str, Any] = {} if parameter.required else {"default": None}
    return click.Option(
        [f"--{name}/--no-{name}" if is_flag else f"--{name}", parameter.name],
        type=click.Choice(parameter.choices)
        if parameter.choices
        else _TYPES.get(parameter.kind, str),
        metavar=None if is_flag or parameter.choices else _METAVARS.get(parameter.kind, "TEXT"),
        required=parameter.required,
        help=_help(parameter),
        **default,
    )


def _metavar(parameter: Parameter) -> str:
    """What stands for an argument in the help."""
    return parameter.name.upper() + ("..." if parameter.kind is Kind.SOURCES else "")


# What the options of ``_saving`` are called within.
_SAVING = {"save_as", "is_temporary", "as_blob"}


def _saving(method: Method) -> list[click.Option]:
    """The options that say where a result goes."""
    options: list[click.Option] = []
    if method.result in _SAVED:
        options.append(
            click.Option(
                ["-o", "--output", "save_as"],
                type=click.Path(path_type=Path),
                metavar="FILE",
                help=_SAVED[method.result],
            )
        )
    if method.result is Result.STORED:
        options.append(
            click.Option(
                ["--temporary", "is_temporary"],
                is_flag=True,
                help="Delete the result once it is saved.",
            )
        )
    if method.blob:
        options.append(
            click.Option(
                ["--blob", "as_blob"],
                is_flag=True,
                help="Get the bytes instead of a link: nothing is stored. They go to --output, or "
                "to standard output if it is no terminal.",
            )
        )
    return options


def _help(parameter: Parameter) -> str:
    return " ".join(filter(None, (parameter.help, _MORE_HELP.get(parameter.kind))))


def _documentation(method: Method) -> str:
    page = method.doc.page
    return f"Documentation: {page}" if page else "No documentation page of it is known."
