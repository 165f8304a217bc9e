"""Values in words, for terminals and reports: no I/O, no markup."""

from __future__ import annotations

import math

# Seconds and name of a unit, and of the one that goes with it.
_UNITS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))
# Characters of a private link that are shown, and how long a text is at least to be cut so.
_SHOWN = 8
_SHORT = 2 * _SHOWN
# With these a spreadsheet takes a text for a formula.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
# Days from which hours do not matter.
_MANY_DAYS = 10


def printable(text: str) -> str:
    """The text without characters that could steer a terminal: links come from anywhere."""
    if text.isprintable():
        return text

    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)


def in_line(text: str) -> str:
    """The same without line breaks: for one value among others, which must not fake a second."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def inert(value: object) -> object:
    """A cell for a spreadsheet, which would take some texts for formulas and compute them."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def masked(link: str) -> str:
    """A private link's host and the last 8 characters of its path: enough to find it again."""
    path = link.partition("?")[0].partition("#")[0]
    _, is_address, rest = path.partition("://")
    if not is_address:
        return f"…{path[-_SHOWN:]}" if len(path) >= _SHORT else path

    host, _, place = rest.partition("/")
    return f"{host.rpartition('@')[2]}/…{place[-_SHOWN:]}"


def duration(seconds: float) -> str:
    """A time in one or two units: "0.4 s", "12 s", "3 min 5 s", "3 h 12 min", "116 days"."""
    if not math.isfinite(seconds):
        return "for ever"

    if seconds < 10:
        return "0 s" if seconds <= 0 else f"{seconds:.1f} s".replace(".0 ", " ")

    whole = round(seconds)
    if whole >= _MANY_DAYS * 86_400:
        return f"{whole / 86_400:,.0f} days"

    for unit, name, smaller, small_name in _UNITS:
        if whole >= unit:
            many, few = divmod(round(whole / smaller), unit // smaller)
            return f"{many} {name} {few} {small_name}" if few else f"{many} {name}"

    return f"{whole} s"


def latency(seconds: float) -> str:
    """A short time: "85 ms", "1.2 s", or as ``duration`` has it."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"

    return duration(seconds) if seconds >= 10 else f"{seconds:.1f} s"
