"""All that an error, or an object, can be made to tell by the tools that people use.

Tracebacks with local variables as Python, rich and Sentry show them; whatever can be reached
from a frame through objects of ours and of the HTTP libraries; copies, pickles and dumps.
"""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import (
    AsyncGeneratorType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodType,
    TracebackType,
)
from typing import Any

import attrs
import rich.traceback
import sentry_sdk
from rich.pretty import pretty_repr
from sentry_sdk.envelope import Envelope
from sentry_sdk.scrubber import EventScrubber
from sentry_sdk.utils import event_from_exception

from pixlab_async import APIKey, PixLabError
from pixlab_async.emulator import Emulator

from ..scripted import Script
from ..servers import Seen
from .hunting import Vault

# Whose objects are looked into. Others only show what they print.
_OPENED = ("pixlab_async", "httpx", "httpcore", "h11", "h2", "aiohttp", "yarl")
# What may hold the key, and the tests' own servers, which it came to.
_THEIRS = (APIKey, Vault, Emulator, Script, Seen, type)


def told_by(error: BaseException) -> str:
    """All that an error shows anywhere, the local variables of its frames included.

    An error of the caller's own code, such as a hook's, comes up through the frames of its
    call. These print without the key, but whoever follows their objects can come to it.
    """
    ours = isinstance(error, PixLabError) or not isinstance(error, Exception)
    tellers = (*TELLERS, as_a_debugger_finds_it) if ours else TELLERS
    return "\n".join(teller(error) for teller in tellers)


def _as_python_shows_it(error: BaseException) -> str:
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(shown.format())


def _as_rich_shows_it(error: BaseException) -> str:
    trace = rich.traceback.Traceback.extract(
        type(error),
        error,
        error.__traceback__,
        show_locals=True,
        locals_max_length=10_000,
        locals_max_string=100_000,
        locals_hide_dunder=False,
    )
    told: list[str] = []
    stacks = deque(trace.stacks)
    while stacks:
        stack = stacks.popleft()
        groups = getattr(stack, "exceptions", ())  # since rich 14
        stacks += (inner for group in groups for inner in group.stacks)
        told += [str(stack.exc_value), *getattr(stack, "notes", ())]
        for frame in stack.frames:
            told += [f"{name} = {node}" for name, node in (frame.locals or {}).items()]
    return "\n".join(told)


def _as_sentry_reports_it(error: BaseException) -> str:
    """What the real SDK hands to its transport."""
    kept: list[str] = []

    class Keeping(sentry_sdk.Transport):
        def capture_envelope(self, envelope: Envelope) -> None:
            kept.append(envelope.serialize().decode())

    options: dict[str, Any] = {
        "dsn": "http://nobody@127.0.0.1:9/1",
        "default_integrations": False,
        "include_local_variables": True,
        "event_scrubber": EventScrubber(denylist=[], pii_denylist=[]),  # it would hide a leak
        "max_value_length": 100_000,
        "transport": Keeping,
    }
    client = sentry_sdk.Client(**options)
    event, hint = event_from_exception(error, client_options=client.options)
    client.capture_event(event, hint)
    client.close(timeout=0)
    return "\n".join(kept)


def _as_its_parts_print(error: BaseException) -> str:
    told: list[str] = []
    for link in chain(error):
        told += [str(link), repr(link), repr(link.args), repr(vars(link))]
        told += getattr(link, "__notes__", ())
        told += [repr(getattr(link, "_request", None))]
        told += _copies(link)
    return "\n".join(told)


def as_a_debugger_finds_it(error: BaseException) -> str:
    return "\n".join(reached([*chain(error), *frames(error)]))


TELLERS: tuple[Callable[[BaseException], str], ...] = (
    _as_python_shows_it,
    _as_rich_shows_it,
    _as_sentry_reports_it,
    _as_its_parts_print,
)


def chain(error: BaseException) -> list[BaseException]:
    """The error and every other behind it, or in it."""
    found: list[BaseException] = []
    ahead: deque[BaseException | None] = deque([error])
    while ahead:
        link = ahead.popleft()
        if link is None or any(link is known for known in found):
            continue

        found.append(link)
        ahead += [link.__cause__, link.__context__]
        if isinstance(link, BaseExceptionGroup):
            ahead += link.exceptions
    return found


def frames(error: BaseException) -> Iterator[FrameType]:
    """The frames of their tracebacks."""
    for link in chain(error):
        trace: TracebackType | None = link.__traceback__
        while trace is not None:
            yield trace.tb_frame
            trace = trace.tb_next


def shown_by(value: object) -> str:
    """Whatever an object prints, and what its copies and dumps hold where it allows them."""
    told = [repr(value), str(value), f"{value}", f"{[value]}", f"{value!a}", pretty_repr(value)]
    told += [repr(vars(value))] if hasattr(value, "__dict__") else []
    told += _copies(value)
    return "\n".join(told)


def _copies(value: object) -> list[str]:
    """What it gives away to those who copy and dump it; nothing where it refuses."""
    ways: list[Callable[[Any], object]] = [
        *(partial(_pickled, protocol=number) for number in range(pickle.HIGHEST_PROTOCOL + 1)),
        copy.copy,
        copy.deepcopy,
        attrs.asdict,
        attrs.astuple,
        partial(json.dumps, default=_json),
        lambda it: it.__getstate__(),
        lambda it: it.__reduce_ex__(4),
        lambda it: it.to_json(),
    ]
    told: list[str] = []
    for way in ways:
        try:
            told.append(repr(way(value)))
        except (TypeError, AttributeError, ValueError, pickle.PicklingError) as refusal:
            told.append(repr(refusal))
    return told


def _pickled(value: object, protocol: int) -> bytes:
    return pickle.dumps(value, protocol)


def _json(value: object) -> object:
    """As an encoder of somebody's would take values apart that JSON does not know."""
    if attrs.has(type(value)):
        return attrs.asdict(value)  # type: ignore[arg-type]  # it is one

    return vars(value) if hasattr(value, "__dict__") else str(value)


def reached(roots: Iterable[object]) -> Iterator[str]:
    """Each text that can be reached from there, with the way to it; the key's own object apart."""
    seen: dict[int, object] = {}
    ahead: deque[tuple[str, object]] = deque((type(root).__name__, root) for root in roots)
    while ahead:
        way, value = ahead.popleft()
        if isinstance(value, str):
            yield f"{way}: {value}"
            continue

        if isinstance(value, bytes | bytearray):
            yield f"{way}: {value.decode('latin-1')}"
            continue

        if id(value) in seen or isinstance(value, _THEIRS):
            continue

        seen[id(value)] = value
        ahead += ((f"{way}.{name}", part) for name, part in _parts(value))


def _parts(value: object) -> Iterator[tuple[str, object]]:
    for kinds, parts in _TAKEN_APART:
        if isinstance(value, kinds):
            yield from parts(value)
            return

    if isinstance(value, BaseException) or _module(value) in _OPENED:
        yield from _attributes(value)


def _of_mapping(value: Any) -> Iterator[tuple[str, object]]:
    for key, part in list(value.items()):
        yield "key", key
        yield str(key)[:20], part


def _of_sequence(value: Any) -> Iterator[tuple[str, object]]:
    yield from ((f"[{place}]", part) for place, part in enumerate(list(value)))


def _named(*names: str) -> Callable[[Any], Iterator[tuple[str, object]]]:
    return lambda value: ((name, getattr(value, name)) for name in names)


def _module(value: object) -> str:
    return type(value).__module__.partition(".")[0]


def _of_closure(function: Any) -> Iterator[tuple[str, object]]:
    if function.__module__ is None or function.__module__.partition(".")[0] not in _OPENED:
        return

    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # it is not filled yet
            continue


def _attributes(value: object) -> Iterator[tuple[str, object]]:
    yield from list(getattr(value, "__dict__", {}).items())
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            name = (
                f"_{kind.__name__}{slot}"
                if slot.startswith("__") and not slot.endswith("__")
                else slot
            )
            if slot not in ("__weakref__", "__dict__") and hasattr(value, name):
                yield name, getattr(value, name)


_TAKEN_APART: tuple[tuple[Any, Callable[[Any], Iterator[tuple[str, object]]]], ...] = (
    (FrameType, lambda frame: _of_mapping(dict(frame.f_locals))),
    (Mapping, _of_mapping),
    ((list, tuple, set, frozenset, deque), _of_sequence),
    (partial, _named("func", "args", "keywords")),
    (MethodType, _named("__self__")),
    (FunctionType, _of_closure),
    (CoroutineType, _named("cr_frame")),
    (AsyncGeneratorType, _named("ag_frame")),
    (GeneratorType, _named("gi_frame")),
)
