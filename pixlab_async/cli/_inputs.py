"""What the user wrote, as what the methods take: files and standard input are read here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from .._errors import ConfigurationError
from .._patience import standard_input
from .._results import JSON
from .._sources import Source
from ._methods import Kind, Parameter
from ._read import contents, everything

_LINKS = ("http://", "https://")
STDIN = "-"

# Where another command's JSON has its rectangles.
_FOUND = ("faces", "words")


async def value_of(parameter: Parameter, given: object) -> object:
    """The value that the method takes.

    Raises:
        ConfigurationError: A file cannot be read, or what should be JSON is none.
    """
    if parameter.kind is Kind.SOURCES:
        return [await source_of(each) for each in cast("tuple[str, ...]", given)]

    if not isinstance(given, str) or parameter.kind in {Kind.TEXT, Kind.CHOICE}:
        return given

    if parameter.kind is Kind.SOURCE:
        return await source_of(given)

    if parameter.kind is Kind.SECRET:
        return (await _text(given)).rstrip("\r\n") if given == STDIN else given

    text = await _text(given)
    if parameter.kind is Kind.PROSE:
        return text

    if parameter.kind is Kind.MESSAGES:
        return _conversation(text) or text

    value = json_of(text, parameter.name)
    if parameter.kind is Kind.RECTANGLES:
        return _rectangles(value)

    return _overlays(value) if parameter.kind is Kind.OVERLAYS else value


def check_standard_input(given: Mapping[Parameter, object]) -> None:
    """See that standard input stands for one thing alone.

    Raises:
        ConfigurationError: It stands for several.
    """
    wanted = [
        each
        for parameter, value in given.items()
        if parameter.kind is not Kind.TEXT
        for each in _each(value)
    ]
    if wanted.count(STDIN) > 1:
        raise ConfigurationError("Standard input (-) can be read once only.")


async def source_of(given: str) -> Source:
    """The picture that is meant.

    Raises:
        ConfigurationError: It is a file, and not there.
    """
    if given.lower().startswith(_LINKS):
        return given

    return await everything(standard_input()) if given == STDIN else _file(given)


def json_of(text: str, name: str) -> JSON:
    """The value that a JSON text stands for.

    Raises:
        ConfigurationError: It is no JSON.
    """
    try:
        value: JSON = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{name} must be JSON, or @FILE with JSON in it: {error}."
        ) from error

    return value


async def _text(given: str) -> str:
    if given == STDIN:
        content, where = await everything(standard_input()), "Standard input"
    elif given.startswith("@"):
        content, where = await contents(Path(given[1:])), f"The file {given[1:]!r}"
    else:
        return given

    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{where} is no text in UTF-8.") from error


def _file(given: str) -> Path:
    path = Path(given)
    try:
        path.stat()
    except (OSError, ValueError) as error:  # before other sources are uploaded for nothing
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"The source {given!r} cannot be read: {reason}. Links begin with https://."
        ) from error

    return path


def _conversation(text: str) -> list[JSON] | None:
    """The messages, where the text is a list of them and not a prompt."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None

    return cast("list[JSON]", value) if isinstance(value, list) else None


def _rectangles(value: JSON) -> JSON:
    """The list of rectangles; a command's whole result is taken too."""
    if not isinstance(value, dict):
        return value

    found: JSON = [value]
    return next((value[name] for name in _FOUND if name in value), found)


def _overlays(value: JSON) -> object:
    if not isinstance(value, list):
        return value

    return [_overlay(item) if isinstance(item, dict) else item for item in value]


def _overlay(item: dict[str, JSON]) -> dict[str, object]:
    img = item.get("img")
    is_file = isinstance(img, str) and not img.lower().startswith(_LINKS)
    return {**item, "img": _file(str(img))} if is_file else {**item}


def _each(value: object) -> tuple[object, ...]:
    return cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
