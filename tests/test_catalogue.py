"""The catalogue is sound, and the client's own table says the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import jsonschema
import pytest

import pixlab_async.endpoints
from pixlab_async._endpoint import ENDPOINTS, Endpoint, find
from pixlab_async.catalogue import Entry, Parameter, catalogue, document, schema

from .samples import TYPED

ENTRIES = list(catalogue().values())
ROOMS = {
    path.stem
    for path in Path(pixlab_async.endpoints.__file__).parent.glob("*.py")
    if not path.stem.startswith("_")
}

# Where the client's table departs from the catalogue, and why.
STORES_OTHERWISE: dict[str, str] = {}


def names_where(holds: Callable[[Entry], bool], entries: Iterable[Entry] = ENTRIES) -> list[str]:
    return [entry.name for entry in entries if holds(entry)]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_data_fits_the_schema() -> None:
    jsonschema.validate(document(), schema(), jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Upper"},
        {"methods": []},
        {"methods": ["PUT"]},
        {"host": "example.org"},
        {"page": "https://example.org/"},
        {"evidence": "rumour"},
        {"parameters": None},
        {"parameters": [{"name": "img"}]},
        {"parameters": [{"name": "img", "type": "picture", "required": True}]},
        {"disagreements": [{"about": "x", "readings": ["one"], "taken": "x", "why": "x"}]},
        {"surprise": 1},
    ],
    ids=str,
)
def test_the_schema_refuses(change: dict[str, object]) -> None:
    sound = next(raw for raw in document()["endpoints"] if raw["name"] == "blur")
    broken = {"version": 1, "endpoints": [{**sound, **change}]}

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema(), jsonschema.Draft202012Validator)


def test_it_has_every_endpoint_that_is_known() -> None:
    assert len(document()["endpoints"]) == len(catalogue()) == 147


def test_names_are_sorted_and_each_is_there_once() -> None:
    names = [raw["name"] for raw in document()["endpoints"]]

    assert names == sorted(set(names))


def test_every_group_is_a_room_of_methods() -> None:
    assert {entry.group for entry in ENTRIES} == ROOMS


def test_every_disagreement_has_a_reading_that_is_taken() -> None:
    unsettled = names_where(
        lambda entry: any(
            len(item.readings) < 2 or not (item.about and item.taken and item.why)
            for item in entry.disagreements
        )
    )

    assert unsettled == []


def test_no_name_stands_for_two_parameters_or_for_the_key() -> None:
    def is_ambiguous(entry: Entry) -> bool:
        names = ["key"]
        for parameter in entry.parameters or ():
            names += [parameter.name, *parameter.aliases]
        return len(names) > len(set(names))

    assert names_where(is_ambiguous) == []


def test_the_parameters_of_which_one_is_needed_are_optional_ones() -> None:
    def is_off(entry: Entry) -> bool:
        found = [entry.parameter(name) for names in entry.one_of for name in names]
        return any(parameter is None or parameter.required for parameter in found)

    assert names_where(is_off) == []


def test_defaults_and_choices_are_in_the_documented_range() -> None:
    off = [
        f"{entry.name}.{parameter.name}"
        for entry in ENTRIES
        for parameter in entry.parameters or ()
        if not _is_consistent(parameter)
    ]

    assert off == []


def _is_consistent(parameter: Parameter) -> bool:
    if parameter.choices and parameter.default not in (None, *parameter.choices):
        return False

    low = float("-inf") if parameter.minimum is None else parameter.minimum
    high = float("inf") if parameter.maximum is None else parameter.maximum
    numbers = [
        value
        for value in (*parameter.choices, parameter.default)
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return low < high and all(low <= number <= high for number in numbers)


def test_blob_is_a_parameter_where_it_is_documented_and_nowhere_else() -> None:
    known = [catalogue()[name] for name in TYPED]

    off = names_where(
        lambda entry: (entry.blob is True) != (entry.parameter("blob") is not None), known
    )

    assert off == []


def test_what_stores_is_never_repeatable() -> None:
    assert names_where(lambda entry: entry.stores is not False and entry.repeatable) == [
        *STORES_OTHERWISE
    ]


def test_a_parameter_is_found_by_an_alias() -> None:
    found = catalogue()["copy"].parameter("link")

    assert found is not None
    assert found.name == "img"


def test_a_parameter_that_is_not_there_is_none() -> None:
    assert catalogue()["copy"].parameter("radius") is None


# --- The client's own table ---------------------------------------------------------------


def test_the_clients_table_has_the_same_endpoints() -> None:
    assert sorted(ENDPOINTS) == TYPED


FACTS: dict[str, tuple[Callable[[Endpoint], object], Callable[[Entry], object]]] = {
    "methods": (lambda own: own.methods, lambda entry: entry.methods),
    # Where an upload is not documented, the picture is stored first.
    "upload": (lambda own: own.upload, lambda entry: entry.upload is True),
    "repeatable": (lambda own: own.repeatable, lambda entry: entry.repeatable),
    "keyless": (lambda own: own.keyless, lambda entry: entry.keyless),
    "host": (lambda own: own.host, lambda entry: entry.host),
}


@pytest.mark.parametrize("fact", FACTS)
def test_the_clients_table_says_the_same(fact: str) -> None:
    own, said = FACTS[fact]

    assert {name: own(ENDPOINTS[name]) for name in TYPED} == {
        name: said(catalogue()[name]) for name in TYPED
    }


def test_what_is_not_known_to_store_nothing_counts_as_storing() -> None:
    differing = [
        name for name in TYPED if ENDPOINTS[name].stores != (catalogue()[name].stores is not False)
    ]

    assert differing == [*STORES_OTHERWISE]


@pytest.mark.parametrize("name", sorted(set(catalogue()) - set(TYPED)))
def test_of_what_is_known_by_name_alone_nothing_good_is_assumed(name: str) -> None:
    found = find(name)

    assert (found.stores, found.repeatable, found.keyless) == (True, False, False)
    assert found.host == catalogue()[name].host
