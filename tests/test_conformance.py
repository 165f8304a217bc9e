"""The typed methods held against the catalogue, in both directions, and against their words."""

from __future__ import annotations

import ast
import inspect
import math
import re
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from pixlab_async import AsyncPixLab, BlobPictures, ConfigurationError
from pixlab_async._endpoint import ENDPOINTS
from pixlab_async.catalogue import Parameter, catalogue
from pixlab_async.emulator import Emulator

from .conftest import client_of
from .samples import GROUPS, TYPED, arguments, promised, python_name

# Coroutine methods that are the client's own, and no endpoint.
FACILITIES = {
    "aclose": "closes the client",
    "call": "calls an endpoint by its name",
    "close": "closes the client",
    "delete_all": "deletes any number of links, and counts",
    "download": "fetches a stored picture from its link",
    "generate_then_delete": "makes a picture, lends it, deletes it",
    "send": "the one way that every call takes",
}
# Arguments that are no parameters of the endpoint.
OWN_ARGUMENTS = {("delete", "missing_ok"): "decides what a 404 means, and is not sent"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # arguments are checked by plain functions, which know no event loop


def coroutine_methods(of: type[object]) -> set[str]:
    found = inspect.getmembers(of, inspect.iscoroutinefunction)
    return {name for name, _ in found if not name.startswith("_")}


@frozen
class Pair:
    """A parameter of the catalogue and the argument that stands for it."""

    endpoint: str
    parameter: Parameter

    @property
    def name(self) -> str:
        return python_name(self.endpoint, self.parameter)

    @property
    def argument(self) -> inspect.Parameter:
        return signature(self.endpoint)[self.name]

    @property
    def words(self) -> str:
        return arguments_told(self.endpoint)[self.name]

    def __str__(self) -> str:
        return f"{self.endpoint}.{self.name}"


@cache
def signature(name: str) -> dict[str, inspect.Parameter]:
    found = inspect.signature(getattr(AsyncPixLab, name)).parameters
    return {argument: value for argument, value in found.items() if argument != "self"}


def told(name: str) -> str:
    return inspect.getdoc(getattr(AsyncPixLab, name)) or ""


@cache
def arguments_told(name: str) -> dict[str, str]:
    """The section Args of the method's docstring: a text for each argument."""
    section = re.search(r"^Args:\n((?: .*\n|\n)+)", told(name) + "\n", re.MULTILINE)
    entries: dict[str, str] = {}
    last = ""
    for line in section[1].splitlines() if section else ():
        begin = re.match(r" {4}(\w+): (.*)", line)
        if begin:
            last = begin[1]
            entries[last] = begin[2]
        elif line:
            entries[last] += f" {line.strip()}"
    return entries


PAIRS = [
    Pair(name, parameter)
    for name in TYPED
    for parameter in catalogue()[name].parameters or ()
    if parameter.name != "blob"
]


def those_where(holds: Callable[[Pair], bool]) -> list[str]:
    return [str(pair) for pair in PAIRS if holds(pair)]


# --- Names --------------------------------------------------------------------------------


def test_every_endpoint_with_known_parameters_has_a_method_and_no_other_has() -> None:
    assert coroutine_methods(AsyncPixLab) - FACILITIES.keys() == set(TYPED)


def test_the_facilities_are_there() -> None:
    assert coroutine_methods(AsyncPixLab) >= FACILITIES.keys()


def test_blob_has_exactly_the_endpoints_that_document_it() -> None:
    documented = {name for name in TYPED if catalogue()[name].blob}

    assert coroutine_methods(BlobPictures) - {"send"} == documented


def test_blob_shares_its_methods_with_the_client() -> None:
    for name in coroutine_methods(BlobPictures) - {"send"}:
        assert getattr(BlobPictures, name) is getattr(AsyncPixLab, name)


def test_every_method_is_in_the_room_of_its_group() -> None:
    rooms = {name: getattr(AsyncPixLab, name).__module__.rpartition(".")[2] for name in TYPED}

    assert rooms == {name: catalogue()[name].group for name in TYPED}


@pytest.mark.parametrize("name", TYPED)
def test_a_method_has_its_endpoints_parameters_and_no_others(name: str) -> None:
    documented = {pair.name for pair in PAIRS if pair.endpoint == name}
    own = {argument for method, argument in OWN_ARGUMENTS if method == name}

    assert set(signature(name)) == documented | own


# --- Kinds --------------------------------------------------------------------------------


def test_what_is_required_has_no_default() -> None:
    optional = those_where(lambda pair: pair.argument.default is not inspect.Parameter.empty)

    assert optional == those_where(lambda pair: not pair.parameter.required)


def test_what_is_optional_is_none_and_given_by_name() -> None:
    def is_off(pair: Pair) -> bool:
        argument = pair.argument
        by_name = argument.kind is inspect.Parameter.KEYWORD_ONLY
        return not pair.parameter.required and (argument.default is not None or not by_name)

    assert those_where(is_off) == []


# A regular expression for the annotation of each documented type.
ANNOTATIONS = {
    "url": r"Source",
    "file": r"Source",
    "integer": r"int|Literal\[\d+(, \d+)*\]",
    "float": r"float",
    "boolean": r"bool",
    "string": r"str|\w+ \| str|Literal\[.*\] \| str",
    "color": r"str",
    "format": r"str|Literal\[.*\] \| str",
    "array": r"Iterable\[\w+Like\]|Sequence\[Message\]",
    "json": r"Mapping\[str, Parameter\]|str \| Sequence\[Message\]",
}
# Addresses that are no pictures to be had from elsewhere.
ADDRESSES = {
    "copy.link": "str | Media",
    "delete.link": "str | Media",
    "llmparse.url": "str",
    "screencapture.url": "str",
}


def test_every_annotation_fits_the_documented_type() -> None:
    def is_off(pair: Pair) -> bool:
        annotation = str(pair.argument.annotation)
        if not pair.parameter.required:
            annotation, _, rest = annotation.rpartition(" | ")
            if rest != "None":
                return True

        wanted = ADDRESSES.get(str(pair))
        if wanted is not None:
            return annotation != wanted

        return re.fullmatch(ANNOTATIONS[pair.parameter.type], annotation) is None

    assert those_where(is_off) == []


def test_numbers_that_are_chosen_from_are_literals() -> None:
    chosen = [
        pair
        for pair in PAIRS
        if pair.parameter.choices and pair.parameter.type == "integer" and pair.parameter.minimum
    ]

    assert len(chosen) == 3
    for pair in chosen:
        listed = ", ".join(map(str, pair.parameter.choices))
        assert pair.argument.annotation == f"Literal[{listed}]"


# --- Words --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TYPED)
def test_a_docstring_tells_every_argument_in_the_order_of_the_signature(name: str) -> None:
    assert list(arguments_told(name)) == list(signature(name))


@pytest.mark.parametrize("name", TYPED)
def test_a_docstring_names_the_page_where_there_is_one(name: str) -> None:
    page = catalogue()[name].page
    named = re.findall(r"^Source: (.*)$", told(name), re.MULTILINE)

    assert named == ([] if page is None else [page])


def test_documented_defaults_are_told() -> None:
    def is_untold(pair: Pair) -> bool:
        default = pair.parameter.default
        words = pair.words.lower()
        return default is not None and f"default {default}.".lower() not in words

    assert those_where(is_untold) == []


def test_no_default_is_told_that_is_not_documented() -> None:
    invented = those_where(
        lambda pair: (
            pair.parameter.default is None and re.search(r"Default \w", pair.words) is not None
        )
    )

    assert invented == []


def test_documented_choices_are_told() -> None:
    def is_untold(pair: Pair) -> bool:
        choices = pair.parameter.choices
        low, high = bounds_told(pair.words)
        if low is not None and high is not None:
            return list(choices) != list(range(int(low), int(high) + 1)) and bool(choices)

        return any(re.search(rf"\b{choice}\b", pair.words) is None for choice in choices)

    assert those_where(is_untold) == []


def bounds_told(words: str) -> tuple[float | None, float | None]:
    """The range that an argument's text ends its description with."""
    number = r"(\d+(?:\.\d+)?)"
    ranges = re.findall(rf"{number} to {number}(?: tokens)?\.", words)
    if ranges:
        return float(ranges[-1][0]), float(ranges[-1][1])

    least = re.search(rf"{number} or more\b", words)
    most = re.search(rf"{number} at most\b", words)
    return (float(least[1]) if least else None), (float(most[1]) if most else None)


def test_documented_ranges_are_told() -> None:
    def is_off(pair: Pair) -> bool:
        low, high = bounds_told(pair.words)
        minimum, maximum = pair.parameter.minimum, pair.parameter.maximum
        return (minimum is not None and low != minimum) or high != maximum

    assert those_where(is_off) == []


def test_what_is_uploaded_is_told_apart_from_what_is_stored_for_the_call() -> None:
    def is_off(pair: Pair) -> bool:
        if pair.argument.annotation != "Source" or pair.parameter.type == "file":
            return False

        goes_along = pair.name == "source" and ENDPOINTS[pair.endpoint].upload
        wanted = "what is to be uploaded" if goes_along else "one that is here"
        others = any(word in pair.words for word in ("Another", "faces"))  # after the first one
        return wanted not in pair.words and not others

    assert those_where(is_off) == []


# --- Ranges, enforced ---------------------------------------------------------------------


@frozen
class Edge:
    """The end of a range: a value that passes, and the nearest one that does not."""

    pair: Pair
    passes: float
    beyond: float

    def __str__(self) -> str:
        return f"{self.pair} {self.beyond}"


def _edges() -> list[Edge]:
    edges: list[Edge] = []
    for pair in PAIRS:
        for bound, side in zip(bounds_told(pair.words), (-math.inf, math.inf), strict=True):
            if bound is None:
                continue

            whole = pair.parameter.type == "integer"
            off = bound + math.copysign(1, side) if whole else math.nextafter(bound, side)
            edges.append(Edge(pair, int(bound) if whole else bound, int(off) if whole else off))
    return edges


EDGES = _edges()


@pytest.fixture
async def prepared(
    emulator: Emulator, picture: bytes, anyio_backend: str
) -> AsyncIterator[tuple[AsyncPixLab, str]]:
    """A client, and the link to a stored picture; the record is empty."""
    async with client_of(emulator) as client:
        link = (await client.store(picture)).link
        emulator.received.clear()
        yield client, link


def test_every_documented_bound_is_among_those_that_are_tried() -> None:
    tried = {(str(edge.pair), float(edge.passes)) for edge in EDGES}
    documented = {
        (str(pair), float(bound))
        for pair in PAIRS
        for bound in (pair.parameter.minimum, pair.parameter.maximum)
        if bound is not None
    }

    assert documented <= tried
    assert len(documented) > 50


@pytest.mark.parametrize("edge", EDGES, ids=str)
async def test_the_end_of_a_range_passes_and_what_is_beyond_it_is_not_sent(
    prepared: tuple[AsyncPixLab, str], emulator: Emulator, picture: bytes, edge: Edge
) -> None:
    pixlab, link = prepared
    name = edge.pair.endpoint
    method = getattr(pixlab, name)
    given = arguments(name, link, picture)
    emulator.when(name, promised(name))

    with pytest.raises(ConfigurationError, match=f"^{edge.pair.name} is "):
        await method(**{**given, edge.pair.name: edge.beyond})
    assert not emulator.received

    await method(**{**given, edge.pair.name: edge.passes})
    assert float(emulator.received[-1].params[edge.pair.parameter.name]) == edge.passes


WRONG: dict[str, list[Any]] = {
    "integer": ["3", 2.5, True, math.nan, None],
    "float": ["3", True, math.nan, math.inf, None],
    "boolean": ["true", 1, None],
    "string": [3, b"word", None],
    "color": [3, "", None],
    "format": [3, "", None],
    "url": [3, "", "words", None],
    "file": [3, "words", None],
    "array": [3, "words", [], {}, [3], None],
    "json": [3, [], None],
}


@pytest.mark.parametrize("group", GROUPS)
async def test_an_argument_of_the_wrong_type_is_not_sent(
    prepared: tuple[AsyncPixLab, str], emulator: Emulator, picture: bytes, group: str
) -> None:
    pixlab, link = prepared

    for pair in (pair for pair in PAIRS if pair.endpoint in GROUPS[group]):
        given = arguments(pair.endpoint, link, picture)
        for wrong in WRONG[pair.parameter.type]:
            if wrong is None and not pair.parameter.required:
                continue

            if wrong == "words" and str(pair) in ADDRESSES:
                continue  # an id, or a host's name

            with pytest.raises(ConfigurationError):
                await getattr(pixlab, pair.endpoint)(**{**given, pair.name: wrong})

    assert not emulator.received


@pytest.mark.parametrize("name", [name for name in TYPED if catalogue()[name].one_of])
async def test_one_of_the_parameters_that_are_needed_together_must_be_given(
    prepared: tuple[AsyncPixLab, str], emulator: Emulator, picture: bytes, name: str
) -> None:
    pixlab, link = prepared
    for names in catalogue()[name].one_of:
        given = arguments(name, link, picture)
        for one in names:
            given.pop(one, None)

        with pytest.raises(ConfigurationError, match="Give at least one of"):
            await getattr(pixlab, name)(**given)

    assert not emulator.received


@pytest.mark.parametrize("group", GROUPS)
async def test_the_least_call_is_sent_as_documented(
    prepared: tuple[AsyncPixLab, str], emulator: Emulator, picture: bytes, group: str
) -> None:
    pixlab, link = prepared
    for name in GROUPS[group]:
        emulator.when(name, promised(name))

        await getattr(pixlab, name)(**arguments(name, link, picture))

        sent = emulator.received[-1]
        method = "GET" if "GET" in (catalogue()[name].methods or ()) else "POST"
        documented = {parameter.name for parameter in catalogue()[name].parameters or ()}
        assert (sent.endpoint, sent.method) == (name, method)
        assert sent.params.keys() <= documented - {"blob"}


# --- Calls in the tests -------------------------------------------------------------------


def test_every_method_is_called_in_a_test() -> None:
    called: set[str] = set()
    for path in (Path(__file__).parent / "endpoints").glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called.add(node.func.attr)
            # Of those that are much alike, a table has the names.
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                called.add(node.value)

    assert set(TYPED) - called == set()
