"""One value, made of what came over the wire: a text, or anything that JSON can say."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, cast

from pixlab_async.catalogue import Parameter

from ._colours import TRANSPARENT, colour
from ._pictures import format_name

# Programs in four languages write truth in these ways.
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
# Of whole numbers: what a picture's coordinates can be in any of the formats.
_LARGEST = 2**31 - 1


class NotThat(Exception):
    """The value is not what it must be, which the message names."""


def value_of(parameter: Parameter, value: Any) -> Any:
    """The value as the parameter's type has it.

    Raises:
        NotThat: It is of another type, outside the range or none of the choices.
    """
    known = _READERS[parameter.type](parameter, value)
    if isinstance(known, (int, float)) and not isinstance(known, bool):
        _check_range(parameter, known)
    return _chosen(parameter, known) if parameter.choices else known


def _text(parameter: Parameter, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise NotThat(_chosen_or(parameter, "a text"))

    return str(value)


def _link(parameter: Parameter, value: Any) -> str:
    del parameter
    if not isinstance(value, str):
        raise NotThat("the address of a file")

    return value.strip()


def _float(parameter: Parameter, value: Any) -> float:
    number = math.nan
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise NotThat(_number(parameter)) from None
    if not math.isfinite(number):
        raise NotThat(_number(parameter))

    return number


def _integer(parameter: Parameter, value: Any) -> int:
    number = _float(parameter, value)
    if number != int(number) or abs(number) > _LARGEST:
        raise NotThat(_number(parameter))

    return int(number)


def _truth(parameter: Parameter, value: Any) -> bool:
    del parameter
    known = _TRUTHS.get(str(value).lower())
    if known is None:
        raise NotThat("true or false")

    return known


def _colour(parameter: Parameter, value: Any) -> str:
    text = _text(parameter, value).strip().lower()
    try:
        colour(text)
    except ValueError:
        raise NotThat(
            f"a colour such as red, #ff8000 or transparent, and {text[:40]!r} is none"
        ) from None
    return "transparent" if text in TRANSPARENT else text


def _format(parameter: Parameter, value: Any) -> str:
    text = _text(parameter, value)
    if parameter.choices:
        return text

    name = format_name(text)
    if name is None:
        raise NotThat(f"a format such as PNG or JPEG, and {text[:40]!r} is none that is written")

    return name


def _json(parameter: Parameter, value: Any) -> Any:
    del parameter
    if not isinstance(value, str):
        return value

    try:
        return json.loads(value)
    except RecursionError:
        raise NotThat("JSON that is less deep") from None
    except ValueError:
        return value  # a plain text is JSON's simplest value: a prompt of coder's, say


def _array(parameter: Parameter, value: Any) -> list[Any]:
    known: Any = None
    with suppress(NotThat):
        known = _json(parameter, value)
    if not isinstance(known, list):
        raise NotThat("a JSON list")

    return list(cast("Sequence[Any]", known))


_READERS: Mapping[str, Callable[[Parameter, Any], Any]] = MappingProxyType(
    {
        "url": _link,
        "string": _text,
        "integer": _integer,
        "float": _float,
        "boolean": _truth,
        "color": _colour,
        "format": _format,
        "json": _json,
        "array": _array,
        "object": _json,
    }
)


def _check_range(parameter: Parameter, number: float) -> None:
    low, high = parameter.minimum, parameter.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        raise NotThat(_number(parameter))


def _number(parameter: Parameter) -> str:
    """What it must be, in words: "a number from 0 to 10"."""
    if parameter.choices:
        return _chosen_or(parameter, "")

    kind = "a whole number" if parameter.type == "integer" else "a number"
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None:
        return f"{kind} from {low:g} to {high:g}"
    if high is not None:
        return f"{kind} up to {high:g}"
    if low is not None:
        return f"{kind} from {low:g} on"
    return kind


def _chosen(parameter: Parameter, value: Any) -> Any:
    """The documented way to write it: texts are compared without regard to case."""
    for choice in parameter.choices:
        if str(choice).lower() == str(value).lower():
            return choice

    raise NotThat(_chosen_or(parameter, ""))


def _chosen_or(parameter: Parameter, otherwise: str) -> str:
    choices = ", ".join(str(choice) for choice in parameter.choices)
    return f"one of {choices}" if choices else otherwise
