"""Two documents side by side, or one beside what is known. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, cast

from attrs import frozen

from .._results import JSON
from ._questions import QUESTIONS

# "differs": two answers that are not the same; "new": nothing was known of it so far, or it
# was not seen on the one side; "unseen": it was not seen on the other.
Kind: TypeAlias = Literal["differs", "new", "unseen"]


@frozen
class Discrepancy:
    """A question that two sides answer differently.

    Attributes:
        name: The question's name.
        asks: The question.
        kind: In which way they differ.
        left: What was seen in the first document.
        right: What was seen in the second; or a list of the answers that are
            in line with what is known, None where nothing is.
        basis: How far the catalogue's answer is known.
    """

    name: str
    asks: str
    kind: Kind
    left: JSON
    right: JSON
    basis: str

    def fields(self) -> dict[str, JSON]:
        """The difference as a JSON object."""
        return {
            "name": self.name,
            "asks": self.asks,
            "kind": self.kind,
            "left": self.left,
            "right": self.right,
            "basis": self.basis,
        }


def compare(left: Mapping[str, JSON], right: Mapping[str, JSON] | None = None) -> list[Discrepancy]:
    """The differences between two documents, or between one and the catalogue.

    Measurements are left out: no two are alike.

    Args:
        left: A document.
        right: Another; None for what is known.
    """
    seen = _seen(left)
    if right is None:
        return [
            found
            for name, value in seen.items()
            if name in QUESTIONS and (found := _known(name, value)) is not None
        ]

    other = _seen(right)
    names = [name for name in {**seen, **other} if not _is_figure(name)]
    return [
        _difference(name, seen.get(name), other.get(name))
        for name in names
        if seen.get(name) != other.get(name)
    ]


def _known(name: str, value: JSON) -> Discrepancy | None:
    question = QUESTIONS[name]
    if question.figure or (value is not None and value in question.expected):
        return None

    kind: Kind = "differs" if question.expected else "new"
    if value is None:
        kind = "unseen"
    right: JSON = [*question.expected] or None
    return Discrepancy(name, question.asks, kind, value, right, question.basis)


def _difference(name: str, left: JSON, right: JSON) -> Discrepancy:
    kind: Kind = "unseen" if left is None else "new" if right is None else "differs"
    question = QUESTIONS.get(name)
    if question is None:
        return Discrepancy(name, "", kind, left, right, "unknown")

    return Discrepancy(name, question.asks, kind, left, right, question.basis)


def _is_figure(name: str) -> bool:
    return name in QUESTIONS and QUESTIONS[name].figure


def _seen(told: Mapping[str, JSON]) -> dict[str, JSON]:
    observations = cast("list[dict[str, JSON]]", told["observations"])
    return {str(each["name"]): each["seen"] for each in observations}
