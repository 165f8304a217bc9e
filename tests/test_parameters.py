"""Whatever a method is given arrives as it was given: in a query, in a form, as JSON.

Over real sockets, and through a parser of the query that is not ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pixlab_async import AsyncPixLab, ServerFailed
from pixlab_async.emulator import Emulator

from .conftest import client_of
from .samples import LINK

few = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# No halves of surrogate pairs: they are no text, and are refused.
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
tricky = st.text(
    st.sampled_from("&=#?/%+ ;:,\"'<>\\{}[]|^~25FfAÄß中😀\x00\r\n\t\x7f\u2028"), max_size=20
)
texts = words | tricky
whole = st.integers(-(2**53), 2**53)
# As texts, numbers arrive as plain decimals: not too long ones.
floats = st.floats(-1e15, 1e15, allow_subnormal=False).filter(
    lambda number: number == 0 or abs(number) > 1e-9
)
plain = texts | whole | floats | st.booleans()
nested = st.recursive(
    plain | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
names = st.from_regex(r"[a-z][a-z_-]{0,9}", fullmatch=True).filter(lambda name: name != "key")
params = st.dictionaries(names, nested, max_size=4)

Work = Callable[[AsyncPixLab], Coroutine[Any, Any, object]]


def run(emulator: Emulator, work: Work) -> Any:
    """The parameters that arrived, of a call that the emulator cannot answer."""

    async def main() -> None:
        async with client_of(emulator) as pixlab:
            with pytest.raises(ServerFailed):
                await work(pixlab)

    anyio.run(main)
    return emulator.received[-1]


def arrived(value: Any, text: str) -> bool:
    """Whether the text of a query or a form says the value."""
    if isinstance(value, bool):
        return text == ("true" if value else "false")

    if isinstance(value, str):
        return text == value

    if isinstance(value, int | float):
        return "e" not in text.lower() and float(text) == value

    return bool(json.loads(text) == value)


def assert_arrived(given_params: dict[str, Any], received: dict[str, Any]) -> None:
    there = {name: value for name, value in given_params.items() if value is not None}
    assert received.keys() == there.keys()
    for name, value in there.items():
        assert arrived(value, received[name]), (value, received[name])


EXAMPLES: list[dict[str, Any]] = [
    {"text": "a+b c%2Fd%252F&e=f#g?h"},
    {"text": "", "none": None},
    {"text": "Ünï 中 😀 \u202e"},
    {"yes": True, "no": False, "zero": 0, "minus": -0.5, "small": 1e-7, "large": 1e21},
    {"list": [1, "two & three", None, [True, {"x": 2.5}]], "object": {"ä": {}, "": []}},
    {"link": "https://host/a%20b?c=%26&d=e%2Bf#g"},
]


def with_examples(test: Callable[..., None]) -> Callable[..., None]:
    for one in EXAMPLES:
        test = example(given_params=one)(test)
    return test


@with_examples
@given(given_params=params)
@few
def test_a_query_carries_every_value(
    running_emulator: Emulator, given_params: dict[str, Any]
) -> None:
    request = run(running_emulator, lambda pixlab: pixlab.call("x", given_params, method="GET"))

    assert request.method == "GET"
    assert_arrived(given_params, request.params)


@with_examples
@given(given_params=params)
@few
def test_a_form_carries_every_value(
    running_emulator: Emulator, given_params: dict[str, Any]
) -> None:
    request = run(running_emulator, lambda pixlab: pixlab.call("x", given_params, source=b"bytes"))

    assert (request.method, request.file) == ("POST", b"bytes")
    assert_arrived(given_params, request.params)


@with_examples
@given(given_params=params)
@few
def test_json_carries_every_value(running_emulator: Emulator, given_params: dict[str, Any]) -> None:
    request = run(running_emulator, lambda pixlab: pixlab.call("x", given_params, method="POST"))

    assert request.method == "POST"
    assert request.params == {
        name: value for name, value in given_params.items() if value is not None
    }


@given(name=st.sampled_from(["GET", "POST"]), source=st.none() | st.just(b"bytes"))
@few
def test_what_is_none_is_not_sent(
    running_emulator: Emulator, name: Any, source: bytes | None
) -> None:
    request = run(
        running_emulator,
        lambda pixlab: pixlab.call("x", {"a": None, "b": 1}, source=source, method=name),
    )

    assert request.params.keys() == {"b"}


# --- Typed methods ------------------------------------------------------------------------

# What a URL may consist of once it is made, percent signs and all.
links = st.text(
    st.sampled_from("abz019-._~%25%2F%20%+&=#?/:@!$'()*,;中é"), min_size=1, max_size=40
).map(lambda rest: f"https://host.example/{rest}")


def run_told(emulator: Emulator, told: tuple[str, dict[str, Any]], work: Work) -> Any:
    """The request that arrived, of a call whose answer is told."""
    emulator.when(*told)

    async def main() -> None:
        async with client_of(emulator) as pixlab:
            await work(pixlab)

    anyio.run(main)
    return emulator.received[-1]


@given(
    text=texts.filter(bool),
    x=st.integers(-9999, 9999),
    opacity=st.floats(0, 1e6),
    cap=st.booleans(),
)
@example(text="50% & more + #1", x=-1, opacity=0.1 + 0.2, cap=True)
@few
def test_drawtextat_sends_what_it_is_given_in_a_form(
    emulator: Emulator, picture: bytes, text: str, x: int, opacity: float, cap: bool
) -> None:
    request = run_told(
        emulator,
        ("drawtextat", {"link": LINK}),
        lambda pixlab: pixlab.drawtextat(picture, x, 2, text, strokeopacity=opacity, cap=cap),
    )

    assert float(request.params["strokeopacity"]) == opacity
    assert (request.params["text"], request.params["x"], request.params["cap"]) == (
        text,
        str(x),
        "true" if cap else "false",
    )


@given(question=texts.filter(bool), lang=texts.filter(bool))
@example(question="What's 2+2 & why?", lang="zh-Hans")
@few
def test_answer_sends_what_it_is_given_in_a_query(
    emulator: Emulator, question: str, lang: str
) -> None:
    request = run_told(emulator, ("answer", {}), lambda pixlab: pixlab.answer(f"{lang} {question}"))

    assert (request.method, request.params) == ("GET", {"query": f"{lang} {question}"})


@given(
    messages=st.lists(
        st.dictionaries(st.sampled_from(["role", "content", "ä"]), nested, max_size=3),
        min_size=1,
        max_size=3,
    )
)
@few
def test_coder_sends_what_it_is_given_as_json(
    emulator: Emulator, messages: list[dict[str, Any]]
) -> None:
    request = run_told(emulator, ("coder", {}), lambda pixlab: pixlab.coder(messages))

    assert request.params == {"messages": messages}


@given(link=links)
@example(link="https://host/a%20b%2Fc%252F?d=%26&e=f%2Bg+h#i")
@example(link="https://host/already%E4%B8%AD%zz%")
@few
def test_a_link_arrives_as_it_is_in_a_query(emulator: Emulator, link: str) -> None:
    request = run_told(emulator, ("delete", {"deleted": True}), lambda pixlab: pixlab.delete(link))

    assert request.params == {"link": link}


@given(link=links)
@example(link="https://host/a%20b%2Fc%252F?d=%26&e=f%2Bg+h#i")
@few
def test_a_link_arrives_as_it_is_in_json(emulator: Emulator, link: str) -> None:
    request = run_told(emulator, ("llmparse", {"jobId": "1"}), lambda pixlab: pixlab.llmparse(link))

    assert (request.method, request.params) == ("POST", {"url": link})
