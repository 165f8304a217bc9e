"""The commands that are made of the methods: all of them, by what they say of themselves."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from pixlab_async import AsyncPixLab
from pixlab_async.catalogue import catalogue
from pixlab_async.cli._commands import pixlab
from pixlab_async.cli._docstrings import parsed
from pixlab_async.cli._methods import Kind, Parameter, method_of, names
from pixlab_async.cli._options import command_of
from pixlab_async.emulator import Emulator, Fault

from ..samples import LINK, arguments, promised
from .running import fields

BY_HAND = {"store", "delete", "status"}
GENERATED = [name for name in names() if name not in BY_HAND]
# Options that say where results go, and those that every command has.
OURS = {"save_as", "is_temporary", "as_blob"} | {
    "base_url",
    "key_file",
    "auth",
    "rate",
    "timeout",
    "as_json",
    "ledger",
    "tag",
}


def shown(*args: str) -> str:
    result = CliRunner().invoke(pixlab, args, terminal_width=100)
    assert result.exit_code == 0, result.output
    return result.output


def written(parameter: Parameter) -> str:
    """What stands for a parameter in a help text."""
    return (
        parameter.name.upper() if parameter.positional else f"--{parameter.name.replace('_', '-')}"
    )


def test_every_method_has_a_command() -> None:
    methods = {name for name in catalogue() if callable(getattr(AsyncPixLab, name, None))}

    assert set(names()) == methods
    assert methods <= set(pixlab.list_commands(click.Context(pixlab)))


@pytest.mark.parametrize("name", GENERATED)
def test_a_command_takes_what_its_method_does(name: str) -> None:
    _, *parameters = inspect.signature(getattr(AsyncPixLab, name)).parameters.values()
    taken = [(param.name, param.required) for param in command_of(name).params]

    assert [each for each in taken if each[0] not in OURS] == [
        (each.name, each.default is inspect.Parameter.empty) for each in parameters
    ]


@pytest.mark.parametrize("name", GENERATED)
def test_no_option_has_two_meanings(name: str) -> None:
    params = command_of(name).params
    options = [word for param in params for word in (*param.opts, *param.secondary_opts)]

    assert len({param.name for param in params}) == len(params)
    assert len(set(options)) == len(options)


@pytest.mark.parametrize("name", GENERATED)
def test_the_help_of_a_command_explains_everything(name: str) -> None:
    text = shown(name, "--help")
    method, page = method_of(name), catalogue()[name].page
    # Lines break at hyphens too.
    letters = "".join(text.split())

    assert (f"Documentation: {page}" if page else "No documentation page") in text
    assert "".join(method.doc.summary.split()) in letters
    for parameter in method.parameters:
        assert written(parameter) in text
        assert parameter.help
        assert "".join(parameter.help.split()) in letters


@pytest.mark.parametrize("name", GENERATED)
def test_the_help_of_a_command_is_not_in_pythons_words(name: str) -> None:
    text = " ".join(shown(name, "--help").split())

    for word in ("``", "Media", "dictionar", "Iterable", "None", "True"):
        assert word not in text


def test_the_help_has_units_ranges_and_defaults() -> None:
    text = shown("mogrify", "--help")

    assert "--radius N" in text
    assert "Pixels, 0 or more. Default 30." in text


@pytest.mark.parametrize("name", GENERATED)
def test_pictures_and_links_are_arguments_and_all_else_is_optional(name: str) -> None:
    for parameter in method_of(name).parameters:
        picture = parameter.kind in {Kind.SOURCE, Kind.SOURCES}
        assert parameter.positional or not picture
        assert parameter.required or not parameter.positional


def test_the_help_of_all_names_every_endpoint_once_and_stays_short() -> None:
    text = shown("--help")

    assert all(name in text.split() for name in names())
    assert text.count("\n") < 80


def test_a_docstring_is_taken_apart() -> None:
    doc = parsed(
        """Paint it.

        In oil,
        of course.

        Args:
            source: The picture: a URL, a stored ``Media``, or what is to be uploaded.
            radius: Pixels,
                0 to 10.

        Raises:
            PixLabError: Always.

        Source: https://example.org/paint
        """
    )

    assert (doc.summary, doc.paragraphs) == ("Paint it.", ("In oil, of course.",))
    assert doc.arguments == {
        "source": "The picture: a link, a local file, or - for standard input.",
        "radius": "Pixels, 0 to 10.",
    }
    assert doc.page == "https://example.org/paint"


# Each of them once, with the least that it takes.


def words(parameter: Parameter, value: Any, picture: Path) -> list[str]:
    """How a value is written in a shell."""
    option = [] if parameter.positional else [written(parameter)]
    if parameter.kind is Kind.SOURCES:
        return [str(each) for each in value]

    if isinstance(value, bool):
        return option if value else [f"--no-{parameter.name.replace('_', '-')}"]

    if isinstance(value, bytes):
        return [*option, str(picture)]

    return [*option, json.dumps(value) if isinstance(value, list | dict) else str(value)]


@pytest.mark.parametrize("name", GENERATED)
def test_a_command_sends_what_it_is_given(emulator: Emulator, picture: Path, name: str) -> None:
    emulator.inject(
        Fault(endpoint=name, body=json.dumps({"status": 200, **promised(name)}).encode())
    )
    values = arguments(name, LINK, picture.read_bytes())
    given = [
        word
        for parameter in method_of(name).parameters
        if parameter.name in values
        for word in words(parameter, values[parameter.name], picture)
    ]
    found = fields(emulator, name, *given)

    assert found["attempts"] == 1
    assert [incoming.endpoint for incoming in emulator.received] == [name]
    sent = emulator.received[0].params.keys() - {"key"}
    assert len(sent) == len(values) - (emulator.received[0].file is not None)


# Those that are found by name.


def test_all_endpoints_are_listed_as_json() -> None:
    entries = json.loads(shown("endpoints", "--json"))

    assert [each["name"] for each in entries] == list(catalogue())
    blur = next(each for each in entries if each["name"] == "blur")
    assert "radius" in {each["name"] for each in blur["parameters"]}
    assert sum(each["command"] for each in entries) == len(names())


def test_the_endpoints_of_a_group_are_a_line_each() -> None:
    head, *lines = shown("endpoints", "storage").splitlines()

    assert head.split() == ["NAME", "GROUP", "EVIDENCE", "METHODS", "COMMAND", "DOCUMENTATION"]
    assert [line.split()[0] for line in lines] == ["copy", "delete", "put", "store"]
    assert "call put" in lines[2]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["endpoints", "nope"], "The groups: animation, canvas,"),
        (["oilpiant"], "Did you mean oilpaint? `pixlab endpoints`"),
        (["xyzzy"], "No such command 'xyzzy'. `pixlab endpoints` lists all"),
        (["emboss", "a.jpg"], "Try: pixlab call emboss"),
        (["send"], "No such command 'send'"),
    ],
)
def test_a_name_that_is_none_is_wrong_usage_with_a_mend(args: list[str], said: str) -> None:
    result = CliRunner().invoke(pixlab, args)

    assert result.exit_code == 1
    assert said in result.stderr
