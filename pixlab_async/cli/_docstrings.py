"""The methods' docstrings, taken apart for ``--help``. Pure; knows nothing of click.

They have one shape: a summary, paragraphs, ``Args:``, ``Raises:``, ``Source:``. What they say
in Python's words is said in those of a shell.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping

from attrs import frozen

_SECTION = re.compile(r"^(Args|Returns|Raises):$", re.MULTILINE)
_SOURCE = re.compile(r"^Source: (\S+)$", re.MULTILINE)
_ARGUMENT = re.compile(r"^ {4}(\w+): ", re.MULTILINE)

# What a program passes, and what a shell does. The first rows go before the others.
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"A URL, a stored ``Media``, or its id", "A link, or the id of what is stored"),
        (
            r"a URL, a stored ``Media``, or (what is to be uploaded|one that is here)",
            "a link, a local file, or - for standard input",
        ),
        (r"Each a picture, a ``Frame``, or a dictionary with img;", "Each a link or a local file;"),
        (r"\b(an?) ``\w+``, (an? ``\w+``[\w ]*, )?or a dictionary with", "an object with"),
        (r"\bdictionaries with", "objects with"),
        (
            r"``Channel`` (bits?) of",
            r"The \1 (1 red, 2 green, 4 blue, 8 alpha, 32 black; add them up) of",
        ),
        (r"``([^`]+)``", r"\1"),
    )
)


@frozen
class Docstring:
    """What a method's docstring says.

    Attributes:
        summary: Its first sentence.
        paragraphs: Those that follow it.
        arguments: What is said of each argument.
        page: The address of the documentation, or None.
    """

    summary: str
    paragraphs: tuple[str, ...]
    arguments: Mapping[str, str]
    page: str | None


def parsed(docstring: str) -> Docstring:
    """The parts of a docstring of ours."""
    text = inspect.cleandoc(docstring)
    source = _SOURCE.search(text)
    # Text, then a section's name and body in turns.
    head, *rest = _SECTION.split(_SOURCE.sub("", text))
    sections = dict(zip(rest[::2], rest[1::2], strict=True))
    summary, *paragraphs = [_line(part) for part in head.strip().split("\n\n")]
    _, *arguments = _ARGUMENT.split(sections.get("Args", ""))
    return Docstring(
        summary,
        tuple(paragraphs),
        {name: _line(said) for name, said in zip(arguments[::2], arguments[1::2], strict=True)},
        source[1] if source else None,
    )


def _line(text: str) -> str:
    line = " ".join(text.split())
    for pattern, words in _WORDS:
        line = pattern.sub(words, line)
    return line
