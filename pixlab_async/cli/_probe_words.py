"""What ``pixlab probe`` says for people: its plan, what it saw, and differences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import cast

from .._results import JSON
from .._wording import duration
from ..probe import FETCHES, MOST, REQUESTS, STEPS, STORED, Discrepancy, Verdict

_WIDE = 78
_NUMBERS = ("no", "one", "two", "three")

_HEADINGS = {
    Verdict.DIFFERS: "Not as documented",
    Verdict.NOW_SEEN: "Not known so far, and now seen",
    Verdict.NOT_SEEN: "Not seen",
    Verdict.AS_DOCUMENTED: "As documented",
}


def plan(origin: str, interval: float) -> Iterator[str]:
    """What a probe does, in words, before it does it."""
    pace = f"at least {duration(interval)} apart" if interval else "without a pause"
    yield from wrap(
        f"The probe sends at most {REQUESTS} requests to {origin}, one after the other, {pace}. "
        f"They count for the quota, the rate limit and the bill of your key, which goes to "
        f"this service alone.",
        _WIDE,
    )
    yield from wrap(
        f"{_NUMBERS[STORED].capitalize()} small pictures are stored ({_NUMBERS[MOST]} at most, "
        f"should the service not do as documented), and all are deleted again at the end, also "
        f"after an error or Ctrl-C. Of these, links are fetched {FETCHES} times at most, without "
        f"the key. One request carries a made-up key.",
        _WIDE,
    )
    yield ""
    yield "The steps:"
    for number, step in enumerate(STEPS, start=1):
        yield f"{number:>3}. {step.name}: {step.tells}"
    yield ""


def plan_fields(origin: str, interval: float) -> dict[str, JSON]:
    """The same as a JSON object."""
    steps: list[JSON] = [
        {
            "name": step.name,
            "tells": step.tells,
            "answers": [*step.answers],
            "requests": step.requests,
            "fetches": step.fetches,
            "stores": step.stores,
        }
        for step in STEPS
    ]
    return {
        "service": origin,
        "requests": REQUESTS,
        "fetches": FETCHES,
        "stores": STORED,
        "stores_at_most": MOST,
        "interval": interval,
        "steps": steps,
    }


def summary(told: Mapping[str, JSON]) -> Iterator[str]:
    """What a document says, the surprises first."""
    observations = cast("list[dict[str, JSON]]", told["observations"])
    for verdict, heading in _HEADINGS.items():
        found = [each for each in observations if each["verdict"] == verdict.value]
        if not found:
            continue

        yield f"{heading} ({len(found)}):"
        for each in found:
            yield from _observation(each)
        yield ""
    requests, stored = told["requests"], told["stored"]
    left = len(cast("list[JSON]", told["left"])) + len(cast("list[JSON]", told["lost"]))
    yield f"{requests} requests; {stored} pictures stored, {left or 'none'} left."


def _observation(each: Mapping[str, JSON]) -> Iterator[str]:
    name, note = each["name"], each["note"]
    if each["seen"] is None:
        yield f"  {name:<22} {note}"
        return

    yield f"  {name:<22} {words(each['seen'])}{f' ({note})' if note else ''}"
    if each["fits"] is False:
        expected = cast("list[JSON]", each["expected"])
        yield f"  {'':<22} {_known(each['basis'])}: {_either(expected)}"


def differences(found: Sequence[Discrepancy], names: tuple[str, str | None]) -> Iterator[str]:
    """The differences between two documents, or between one and what is known."""
    left, right = names
    if not found:
        yield f"{left} and {right or 'what is known'} say the same."
        return

    for each in found:
        yield f"{each.name}: {each.asks}"
        yield f"    {left}: {'not seen' if each.left is None else words(each.left)}"
        if right is not None:
            yield f"    {right}: {'not seen' if each.right is None else words(each.right)}"
        elif each.right is None:
            yield "    known: nothing"
        else:
            yield f"    {_known(each.basis)}: {_either(cast('list[JSON]', each.right))}"


def words(value: JSON) -> str:
    """An answer for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"

    if isinstance(value, dict):
        return ", ".join(f"{name} {words(each)}" for name, each in value.items())

    if isinstance(value, list):
        return " and ".join(words(each) for each in value) or "none"

    return "none" if value is None else str(value)


def _either(values: Sequence[JSON]) -> str:
    return "; or ".join(words(value) for value in values)


def _known(basis: JSON) -> str:
    return "documented" if basis == "documented" else "taken for granted here"
