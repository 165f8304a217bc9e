"""``pixlab call``: any endpoint by its name, for those that have no method and so no command."""

from __future__ import annotations

from typing import Literal, cast

import click

from .._errors import ConfigurationError
from .._protocol import Parameter
from ._exits import Exit
from ._inputs import json_of, source_of
from ._output import show, tell_left
from ._settings import Settings, recording_options, runs, service_options
from ._shown import fields_of, text_of


@click.command(short_help="Call an endpoint that has no command.")
@click.argument("name")
@click.argument("source", required=False)
@click.option(
    "-p",
    "--param",
    "params",
    metavar="NAME=VALUE",
    multiple=True,
    help="A parameter: a text, or JSON after NAME:=. Any number of times.",
)
@click.option(
    "--method",
    type=click.Choice(["GET", "POST"]),
    help="How it is sent. [default: what the endpoint prefers, GET where that is not known]",
)
@service_options
@recording_options
@runs
async def call(
    settings: Settings,
    *,
    name: str,
    source: str | None,
    params: tuple[str, ...],
    method: str | None,
) -> Exit:
    """Call the endpoint NAME, and print its reply as JSON.

    SOURCE is a picture: a link, a local file, or - for standard input. What the call leaves
    stored stays, `pixlab delete` deletes it.
    """
    given = dict(map(_param, params))
    async with settings.client() as client:
        answer = await client.call(
            name,
            given,
            source=None if source is None else await source_of(source),
            method=cast("Literal['GET', 'POST'] | None", method),
        )

    tell_left(answer.meta)
    show(text_of(answer), fields_of(answer), as_json=settings.as_json)
    return Exit.DONE


def _param(given: str) -> tuple[str, Parameter]:
    name, equals, value = given.partition("=")
    is_json = name.endswith(":")
    name = name.removesuffix(":").strip()
    if name.lower() == "key":
        raise click.UsageError(
            "The key is no parameter: it comes from PIXLAB_API_KEY, or from --key-file FILE."
        )

    if not name or not equals:
        raise ConfigurationError("--param takes NAME=VALUE, or NAME:=JSON.")

    return name, json_of(value, name) if is_json else value
