"""What is known of every endpoint, as data: ``endpoints.json``, and the classes to read it.

Facts only, gathered from the vendor's documentation and the programs that call the service;
``null`` and a field that is absent both mean "not known". It drives the emulator and the help
of the command line, and the client's hand-written methods are compared with it in the tests.
Where sources disagree, ``disagreements`` keeps every reading and says which one is taken.

Nothing of it is read when the client is imported or used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

from attrs import field, frozen

__all__ = ["Disagreement", "Entry", "Field", "Parameter", "catalogue", "document", "schema"]


@frozen
class Field:
    """A field of an object in a list, or of a reply.

    Attributes:
        name: Its name.
        type: "url", "string", "integer", "float", "boolean", "color", "array" or "object".
        required: Whether it must be there; of replies nothing is promised.
        also: Further types that were seen.
        aliases: Other names that are taken for it.
        item: The fields of what it holds, where it is an array or an object.
    """

    name: str
    type: str
    required: bool = True
    also: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    item: tuple[Field, ...] = ()


@frozen
class Parameter:
    """A parameter of an endpoint; the key is none.

    Attributes:
        name: The vendor's name.
        type: "url", "string", "integer", "float", "boolean", "format", "color", "json",
            "array" or "file".
        required: Whether the call cannot do without it.
        default: What the service takes where it is left out; None where that is not known.
        minimum: The smallest documented value, or None.
        maximum: The largest documented value, or None.
        choices: The documented values; empty where any goes.
        aliases: Other names that were seen for it.
        item: The fields of its entries, where it is a list of objects.
    """

    name: str
    type: str
    required: bool = False
    default: str | int | float | bool | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str | int, ...] = ()
    aliases: tuple[str, ...] = ()
    item: tuple[Field, ...] = ()


@frozen
class Disagreement:
    """Where sources say different things.

    Attributes:
        about: What they disagree on.
        readings: Each reading, and who says so.
        taken: The reading that this project follows.
        why: The reason.
    """

    about: str
    readings: tuple[str, ...]
    taken: str
    why: str


@frozen
class Entry:
    """One endpoint.

    Attributes:
        name: The path's one segment.
        group: The group of methods it belongs to here.
        category: The vendor's own group.
        evidence: "documented", "partial" (a page cut off, or sample programs alone) or
            "name-only".
        page: The documentation page, or None where none was seen.
        host: The host it is served on.
        methods: Documented HTTP methods; None where not known.
        parameters: Everything but the key; None where only the name is known.
        one_of: Sets of parameters of which at least one must be there.
        upload: Whether a picture may come as the multipart field ``file``.
        json: Whether parameters may come as a JSON object.
        blob: Whether the parameter ``blob`` is documented.
        reply: The fields of a reply, in order; a field that is missing here is unseen.
        stores: Whether a successful call leaves a picture stored.
        repeatable: Whether it may be sent again when the first attempt may have worked.
        keyless: Whether it is documented without a key.
        disagreements: Where sources say different things.
    """

    name: str
    group: str
    category: str
    evidence: str
    page: str | None
    host: str
    methods: tuple[str, ...] | None
    parameters: tuple[Parameter, ...] | None
    one_of: tuple[tuple[str, ...], ...]
    upload: bool | None
    json: bool | None
    blob: bool | None
    reply: tuple[Field, ...] | None
    stores: bool | None
    repeatable: bool
    keyless: bool = False
    disagreements: tuple[Disagreement, ...] = field(default=())

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name or alias, or None."""
        for parameter in self.parameters or ():
            if name == parameter.name or name in parameter.aliases:
                return parameter

        return None


def document() -> dict[str, Any]:
    """The data file as it is."""
    return _read("endpoints.json")


def schema() -> dict[str, Any]:
    """The JSON schema of the data file."""
    return _read("schema.json")


@cache
def catalogue() -> Mapping[str, Entry]:
    """Every endpoint by its name, in alphabetical order."""
    return {entry["name"]: _entry(entry) for entry in document()["endpoints"]}


def _read(name: str) -> dict[str, Any]:
    text = files(__name__).joinpath(name).read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def _entry(raw: dict[str, Any]) -> Entry:
    parameters, methods, reply = raw["parameters"], raw["methods"], raw["reply"]
    return Entry(
        name=raw["name"],
        group=raw["group"],
        category=raw["category"],
        evidence=raw["evidence"],
        page=raw["page"],
        host=raw["host"],
        methods=None if methods is None else tuple(methods),
        parameters=None if parameters is None else tuple(_parameter(item) for item in parameters),
        one_of=tuple(tuple(names) for names in raw.get("one_of", ())),
        upload=raw["upload"],
        json=raw["json"],
        blob=raw["blob"],
        reply=None if reply is None else tuple(_field(item["name"], item) for item in reply),
        stores=raw["stores"],
        repeatable=raw["repeatable"],
        keyless=raw.get("keyless", False),
        disagreements=tuple(
            Disagreement(item["about"], tuple(item["readings"]), item["taken"], item["why"])
            for item in raw.get("disagreements", ())
        ),
    )


def _parameter(raw: dict[str, Any]) -> Parameter:
    return Parameter(
        name=raw["name"],
        type=raw["type"],
        required=raw["required"],
        default=raw.get("default"),
        minimum=raw.get("minimum"),
        maximum=raw.get("maximum"),
        choices=tuple(raw.get("choices", ())),
        aliases=tuple(raw.get("aliases", ())),
        item=_fields(raw.get("item")),
    )


def _field(name: str, raw: dict[str, Any]) -> Field:
    return Field(
        name=name,
        type=raw["type"],
        required=raw.get("required", True),
        also=tuple(raw.get("also", ())),
        aliases=tuple(raw.get("aliases", ())),
        item=_fields(raw.get("item")),
    )


def _fields(raw: dict[str, Any] | None) -> tuple[Field, ...]:
    return tuple(_field(name, item) for name, item in (raw or {}).items())
