"""A request's parameters, held against what the catalogue says of its endpoint.

Texts of a query or a form and values of a JSON object come out alike: as ``Given``, with
values of the documented types, in their documented ranges, under the vendor's main names.
What the catalogue does not know is let pass, and parameters that it does not list are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from attrs import evolve

from pixlab_async.catalogue import Entry, Field, Parameter

from ._bounds import limits
from ._given import Given
from ._incoming import Incoming
from ._replies import Refused
from ._values import NotThat, value_of

# Documented with a maximum alone or without any range, and never below nought by their nature.
_NEVER_NEGATIVE = frozenset({"radius", "sigma", "width", "height", "size", "scale"})
# Its radius pulls pixels in, and below nought pushes them out.
_BOTH_WAYS = frozenset({"implode"})
# Lists that are not closed: further fonts can be registered with an account, and the page
# on scanning documents names fewer kinds than programs send.
_OPEN_CHOICES = frozenset({("docscan", "type"), ("drawtext", "font"), ("drawtextat", "font")})


def check(entry: Entry, request: Incoming) -> Given:
    """The parameters, checked.

    Raises:
        Refused: One is missing or not as documented, or the body is of a kind that the
            endpoint does not take.
    """
    _check_body(entry, request)
    uploaded = None if request.file is None else subject(entry)
    sent = {
        parameter.name: value
        for parameter in entry.parameters or ()
        if (value := _sent(request.params, parameter)) is not None
    }
    values: dict[str, Any] = {}
    for parameter in entry.parameters or ():
        name = parameter.name
        if name == uploaded:
            continue

        if name in sent and parameter.type != "file":
            values[name] = _checked(entry, parameter, sent[name])
        elif parameter.required:
            kind = "multipart field" if parameter.type == "file" else "required parameter"
            raise Refused(400, f"the {kind} {name!r} is missing")
        elif parameter.default is not None:
            values[name] = parameter.default
    for names in entry.one_of:
        if not sent.keys() & set(names):
            raise Refused(400, f"at least one of the parameters {_listed(names)} is required")

    return Given(values)


def subject(entry: Entry) -> str | None:
    """The parameter whose place an uploaded file takes, or None where none does."""
    if entry.upload is False:
        return None

    parameters = entry.parameters or ()
    files = [parameter.name for parameter in parameters if parameter.type == "file"]
    required = [parameter.name for parameter in parameters if parameter.required]
    return next(iter(files + required), None)


def _check_body(entry: Entry, request: Incoming) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.file is not None and entry.upload is False:
        raise Refused(
            415,
            f"{entry.name!r} takes no upload: send the file to 'store' first, "
            "and then the link that 'store' answers with",
        )

    if request.method == "POST" and kind == "application/json" and entry.json is False:
        raise Refused(
            400, f"{entry.name!r} takes no JSON object: send a form or, to upload, multipart"
        )


def _sent(values: Mapping[str, Any], wanted: Parameter | Field) -> Any:
    """What was sent for it under any of its names; None where nothing or an empty text was."""
    for name in (wanted.name, *wanted.aliases):
        value = values.get(name)
        if value is not None and value != "":
            return value

    return None


def _checked(entry: Entry, parameter: Parameter, value: Any) -> Any:
    if (entry.name, parameter.name) in _OPEN_CHOICES:
        parameter = evolve(parameter, choices=())
    never = parameter.name in _NEVER_NEGATIVE and entry.name not in _BOTH_WAYS
    if never and parameter.minimum is None:
        parameter = evolve(parameter, minimum=0)
    try:
        known = value_of(parameter, value)
    except NotThat as problem:
        raise Refused(400, f"the parameter {parameter.name!r} must be {problem}") from None

    if parameter.type == "array" and not known:
        raise Refused(400, f"the parameter {parameter.name!r} must have one entry or more")

    if parameter.type == "array" and len(known) > limits().entries:
        raise Refused(
            400,
            f"the parameter {parameter.name!r} has more entries than this emulator's "
            f"{limits().entries}",
        )

    if parameter.type == "array" and parameter.item:
        return [_entry(parameter, number, item) for number, item in enumerate(known)]

    return known


def _entry(parameter: Parameter, number: int, item: Any) -> dict[str, Any]:
    """One entry of a list of objects; keys that are not documented are left out."""
    where = f"{parameter.name}[{number}]"
    if not isinstance(item, dict):
        raise Refused(400, f"the parameter {where!r} must be a JSON object")

    values: dict[str, Any] = {}
    for member in parameter.item:
        value = _sent(cast("dict[str, Any]", item), member)
        if value is None:
            if member.required:
                raise Refused(400, f"the required parameter '{where}.{member.name}' is missing")
            continue

        least = 0 if member.name in _NEVER_NEGATIVE else None
        try:
            values[member.name] = value_of(
                Parameter(member.name, member.type, minimum=least), value
            )
        except NotThat as problem:
            raise Refused(400, f"the parameter '{where}.{member.name}' must be {problem}") from None

    return values


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(repr(name) for name in names)
