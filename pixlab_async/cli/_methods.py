"""The client's typed methods as facts: what a command of each has to take and to give.

Read off signatures and docstrings, so that a method has its command as soon as it is there.
Knows nothing of click.
"""

from __future__ import annotations

import ast
import inspect
from enum import Enum, auto

from attrs import frozen

from .._blob_pictures import BlobPictures
from .._client import AsyncPixLab
from .._endpoint import ENDPOINTS
from ._docstrings import Docstring, parsed


class Kind(Enum):
    """How a parameter is written in a shell."""

    SOURCE = auto()
    """A picture: a link, a file, or - for standard input."""
    SOURCES = auto()
    """Several of them."""
    FLAG = auto()
    WHOLE = auto()
    NUMBER = auto()
    TEXT = auto()
    SECRET = auto()
    """A text; or - for standard input, since others can read arguments."""
    PROSE = auto()
    """A text, @FILE, or - for standard input."""
    CHOICE = auto()
    JSON = auto()
    """JSON, @FILE, or - for standard input."""
    RECTANGLES = auto()
    """JSON; or what another command printed that found rectangles."""
    OVERLAYS = auto()
    """JSON, with files in it."""
    MESSAGES = auto()
    """Prose, or JSON."""


class Result(Enum):
    """What a method makes, as far as saving it goes."""

    STORED = auto()
    INLINE = auto()
    SCAN = auto()
    FACTS = auto()


@frozen
class Parameter:
    """A parameter of a method.

    Attributes:
        name: Its name in Python.
        kind: How it is written.
        required: Whether the method cannot do without it.
        positional: Whether it is an argument of the command, and no option.
        help: What the docstring says.
        choices: The values that it may have; empty where any goes.
    """

    name: str
    kind: Kind
    required: bool
    positional: bool
    help: str
    choices: tuple[int | str, ...] = ()


@frozen
class Method:
    """A typed method of the client.

    Attributes:
        name: Its name, and the endpoint's.
        parameters: In the signature's order.
        doc: What its docstring says.
        result: What it makes.
        blob: Whether ``client.blob`` has it too.
    """

    name: str
    parameters: tuple[Parameter, ...]
    doc: Docstring
    result: Result
    blob: bool


_KINDS = {
    "Source": Kind.SOURCE,
    "Iterable[FrameLike]": Kind.SOURCES,
    "bool": Kind.FLAG,
    "int": Kind.WHOLE,
    "float": Kind.NUMBER,
    "Iterable[LineLike]": Kind.JSON,
    "Iterable[PointLike]": Kind.JSON,
    "Iterable[RectangleLike]": Kind.RECTANGLES,
    "Iterable[OverlayLike]": Kind.OVERLAYS,
    "Mapping[str, Parameter]": Kind.JSON,
    "Sequence[Message]": Kind.JSON,
    "str | Sequence[Message]": Kind.MESSAGES,
}
# Texts that stand for what is worked on, as a picture does elsewhere.
_SUBJECTS = {"query": Kind.PROSE, "input": Kind.PROSE, "url": Kind.TEXT, "link": Kind.TEXT}
_SECRETS = {"pwd"}

_RESULTS = {
    "P": Result.STORED,
    "D": Result.STORED,
    "Media": Result.STORED,
    "C": Result.INLINE,
    "InlinePicture": Result.INLINE,
    "DocumentScan": Result.SCAN,
}


def has_method(name: str) -> bool:
    """Whether the endpoint of that name has a typed method."""
    return name in ENDPOINTS and callable(getattr(AsyncPixLab, name, None))


def names() -> list[str]:
    """The endpoints that have a typed method, in alphabetical order."""
    return sorted(filter(has_method, ENDPOINTS))


def method_of(name: str) -> Method:
    """The facts of an endpoint's method.

    Raises:
        TypeError: A parameter is of a type that no command can take: a slip of ours.
    """
    function = getattr(AsyncPixLab, name)
    signature = inspect.signature(function)
    doc = parsed(function.__doc__ or "")
    _, *parameters = signature.parameters.values()
    return Method(
        name,
        tuple(_parameter(each, doc.arguments.get(each.name, "")) for each in parameters),
        doc,
        _RESULTS.get(str(signature.return_annotation), Result.FACTS),
        hasattr(BlobPictures, name),
    )


def _parameter(given: inspect.Parameter, said: str) -> Parameter:
    # A text, as the modules postpone the evaluation of annotations.
    annotation = str(given.annotation).removesuffix(" | None")
    required = given.default is inspect.Parameter.empty
    kind, choices = _kind(annotation, given.name)
    is_subject = kind in {Kind.SOURCE, Kind.SOURCES, Kind.MESSAGES}
    if required and kind is Kind.TEXT and given.name in _SUBJECTS:
        kind, is_subject = _SUBJECTS[given.name], True
    return Parameter(given.name, kind, required, required and is_subject, said, choices)


def _kind(annotation: str, name: str) -> tuple[Kind, tuple[int | str, ...]]:
    if annotation in _KINDS:
        return _KINDS[annotation], ()

    if "str" in annotation.split(" | "):  # whatever else is offered, any text goes
        return Kind.SECRET if name in _SECRETS else Kind.TEXT, ()

    if annotation.startswith("Literal["):
        literal = ast.literal_eval(annotation.removeprefix("Literal"))
        return Kind.CHOICE, tuple(literal)

    raise TypeError(f"No command can take {name}: {annotation}")
