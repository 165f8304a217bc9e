"""A reply that says the call worked, and how results are read out of it.

What an endpoint promises must be there, or ``UnreadableReply`` names the field. Everything
else is optional: missing, or of an unexpected type, it reads as None, and never as a crash.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NoReturn

from attrs import define

from ._errors import UnreadableReply
from ._results import JSON, Meta


@define(eq=False, repr=False)
class Success:
    """A reply that says the call worked. Not frozen: each call makes one, in half the time.

    Attributes:
        fields: The JSON object, or an empty one where bytes came.
        content: The bytes where ``blob`` was asked for, else empty.
        media_type: The content type of the bytes, else empty.
        meta: The facts of the call, for the result.
    """

    fields: Mapping[str, JSON]
    content: bytes
    media_type: str
    meta: Meta

    def text(self, name: str) -> str:
        """A field that must be there and be a non-empty string.

        Raises:
            UnreadableReply: It is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, str) or not value:
            self.lacks(name, "a text")

        return value

    def words(self, name: str) -> str:
        """A field that must be there and be a string, if an empty one.

        Raises:
            UnreadableReply: It is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, str):
            self.lacks(name, "a text")

        return value

    def number(self, name: str) -> float:
        """A field that must be there and be a number, or a text that is one.

        Raises:
            UnreadableReply: It is not.
        """
        value = number(self.fields, name)
        if value is None:
            self.lacks(name, "a number")

        return value

    def whole(self, name: str) -> int:
        """A field that must be there and be a whole number, or a text that is one.

        Raises:
            UnreadableReply: It is not.
        """
        value = whole(self.fields, name)
        if value is None:
            self.lacks(name, "a whole number")

        return value

    def truth(self, name: str) -> bool:
        """A field that must be there and be true or false.

        Raises:
            UnreadableReply: It is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, bool):
            self.lacks(name, "true or false")

        return value

    def items(self, name: str) -> list[JSON]:
        """A field that must be there and be a list.

        Raises:
            UnreadableReply: It is not.
        """
        value = self.fields.get(name)
        if not isinstance(value, list):
            self.lacks(name, "a list")

        return value

    def objects(self, name: str) -> list[dict[str, JSON]]:
        """A field that must be there and be a list of objects.

        Raises:
            UnreadableReply: It is not.
        """
        items = self.items(name)
        entries = [item for item in items if isinstance(item, dict)]
        if len(entries) < len(items):
            self.lacks(name, "a list of objects")

        return entries

    def lacks(self, name: str, promised: str) -> NoReturn:
        """Raise the error for a field that is not what the endpoint promises."""
        got = type(self.fields[name]).__name__ if name in self.fields else "nothing"
        raise UnreadableReply(
            f"the reply's field {name!r} should be {promised}, and is {got}",
            http_status=self.meta.http_status,
            field=name,
        )

    def beyond(self, *documented: str) -> dict[str, JSON]:
        """The fields that are not documented."""
        return {
            name: value
            for name, value in self.fields.items()
            if name not in documented and name != "status"
        }


def rest(fields: Mapping[str, JSON], *documented: str) -> dict[str, JSON]:
    """The fields of an object that are not documented."""
    return {name: value for name, value in fields.items() if name not in documented}


def text(fields: Mapping[str, JSON], name: str) -> str | None:
    """A string that may be there."""
    value = fields.get(name)
    return value if isinstance(value, str) else None


def number(fields: Mapping[str, JSON], name: str) -> float | None:
    """A number that may be there."""
    return finite(fields.get(name))


def finite(value: JSON) -> float | None:
    """The finite number that a value is; one of the older samples writes them as texts."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None

    if isinstance(value, bool) or not isinstance(value, int | float):
        return None

    try:
        found = float(value)
    except OverflowError:
        return None

    return found if math.isfinite(found) else None


def whole(fields: Mapping[str, JSON], name: str) -> int | None:
    """A whole number that may be there; a fraction of a pixel is rounded."""
    value = number(fields, name)
    return None if value is None else round(value)


def mapping(fields: Mapping[str, JSON], name: str) -> Mapping[str, JSON]:
    """An object that may be there, else an empty one."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}
