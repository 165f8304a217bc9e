"""Checks of arguments, before anything is sent: what was wrong, and how to mend it. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from ._errors import ConfigurationError

T = TypeVar("T")


def shown(value: object) -> str:
    """The value as an error may quote it: numbers as they are, else its kind alone.

    Swapped arguments may be links to private pictures, or megabytes of one.
    """
    if value is None or isinstance(value, int | float):
        return repr(value)

    return type(value).__name__


def optional(check: Callable[..., T], value: object, name: str, *bounds: float | None) -> T | None:
    """None where the value is None, which means "not sent"; else what the check says of it."""
    return None if value is None else check(value, name, *bounds)


def number(
    value: object, name: str, minimum: float | None = None, maximum: float | None = None
) -> float:
    """The number, where it is one and in its documented range.

    Raises:
        ConfigurationError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigurationError(f"{name} must be a finite number, not {shown(value)}.")

    return _within(value, name, minimum, maximum)


def whole(
    value: object, name: str, minimum: float | None = None, maximum: float | None = None
) -> int:
    """The whole number, where it is one and in its documented range.

    Raises:
        ConfigurationError: It is not.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigurationError(f"{name} must be a whole number, not {shown(value)}.")

    return _within(value, name, minimum, maximum)


N = TypeVar("N", int, float)


def _within(value: N, name: str, minimum: float | None, maximum: float | None) -> N:
    if minimum is not None and value < minimum:
        raise ConfigurationError(f"{name} is {value}; it must be {minimum:g} or more.")

    if maximum is not None and value > maximum:
        raise ConfigurationError(f"{name} is {value}; the documented maximum is {maximum:g}.")

    return value


def truth(value: object, name: str) -> bool:
    """The boolean, where it is one.

    Raises:
        ConfigurationError: It is not.
    """
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} must be True or False, not {shown(value)}.")

    return value


def words(value: object, name: str) -> str:
    """The text, where it is one; it may be empty.

    Raises:
        ConfigurationError: It is not.
    """
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} must be a str, not {type(value).__name__}.")

    return value


def filled(value: object, name: str) -> str:
    """The text, where it is one and not empty.

    Raises:
        ConfigurationError: It is not.
    """
    text = words(value, name)
    if not text:
        raise ConfigurationError(f"{name} is empty.")

    return text


def sides(
    width: object, height: object, minimum: float, maximum: float | None = None
) -> dict[str, int | None]:
    """The parameters width and height, of which one at least must be given.

    Raises:
        ConfigurationError: Neither is, or one is not as documented.
    """
    one_of(width=width, height=height)
    return {
        "width": optional(whole, width, "width", minimum, maximum),
        "height": optional(whole, height, "height", minimum, maximum),
    }


def one_of(**given: object) -> None:
    """See that at least one of the arguments was given.

    Raises:
        ConfigurationError: All are None.
    """
    if all(value is None for value in given.values()):
        raise ConfigurationError(f"Give at least one of {', '.join(given)}.")
