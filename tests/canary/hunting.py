"""A key that is like no other text, and how to find it in whatever spelling it got out.

``hunt`` looks through texts and bytes. What an error, an object or a folder tells is brought
together by ``told_by``, ``shown_by`` and ``files_in``. Each of them finds a leak that is
planted for it: see ``test_hunting``.

``python -m tests.canary.hunting FOLDER`` looks through a folder, such as the documentation
that was built with the key in the environment.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import frozen

# Two runs of letters and digits that stay as they are in URLs, JSON and HTML, and between
# them signs that do not.
_CORES = ("bird7Zq0Kx9Wm3Tb", "Yr5Ng8Hd2Jc4Lf6V")
KEY = "/+&=".join(_CORES)
# A private picture's link. What a mask shows of it, host and end, is not private.
_PRIVATE = "egret4Vs8Lp1Xo6Ud"
LINK = f"https://media.example/{_PRIVATE}/24p5f0c1d2e3f.png"

SPELLINGS = {
    "as it is": KEY,
    "in a query": quote(KEY, safe=""),
    "in a path": quote(KEY),
    "in a query, in small letters": quote(KEY, safe="").replace("%2F", "%2f").replace("%3D", "%3d"),
    "in JSON as PHP writes it": KEY.replace("/", "\\/"),
    "in JSON as Go writes it": KEY.replace("&", "\\u0026"),
    "in HTML": escape(KEY),
}

IN_QUERY = SPELLINGS["in a query"]

_WINDOW = 8  # a part of the key that is cut off somewhere is a leak too
# What stands in the middle of a text that is wrapped, framed, or split by a repr.
_GAPS = re.compile(r"[\s\0'\"│]+|\\[nrt]|b(?=')|…|\\(?=[/\\'\"])")


def _windows(text: str, size: int = _WINDOW) -> set[str]:
    return {text[begin : begin + size] for begin in range(len(text) - size + 1)}


def _in_base64(text: str) -> set[str]:
    """What base64 makes of it, wherever in a longer text it stands."""
    raw = text.encode()
    return {base64.b64encode(raw[begin : begin + 12]).decode() for begin in range(3)}


def _fingerprints(text: str) -> set[str]:
    kinds = (hashlib.md5, hashlib.sha1, hashlib.sha256, hashlib.sha512, hashlib.blake2b)
    return {kind(text.encode()).hexdigest()[:16] for kind in kinds}


def _pattern(cores: Iterable[str], whole: str) -> re.Pattern[str]:
    parts: set[str] = set()
    for core in cores:
        parts |= _windows(core) | _in_base64(core)
        parts |= {window.encode().hex() for window in _windows(core)}
    return re.compile("|".join(map(re.escape, sorted(parts | _fingerprints(whole)))))


_KEY_PATTERN = _pattern(_CORES, KEY)
_LINK_PATTERN = _pattern([_PRIVATE], LINK)


class Vault:
    """Holds the key where no frame of a test shows it."""

    def open(self) -> str:
        return KEY

    def incoming(self, suffix: bytes) -> Any:
        """An ASGI scope that carries the key, and prints without it."""

        class Scope(dict[str, Any]):
            def __repr__(self) -> str:
                return "<Scope>"

        return Scope(headers=[(b"www-authenticate", KEY.encode() + suffix)])

    def __repr__(self) -> str:
        return "<Vault>"


VAULT = Vault()


@frozen
class Leak:
    """What was found, with some of what stands before and behind it."""

    excerpt: str


def hunt(*told: str | bytes, link: bool = False) -> list[Leak]:
    """Where the key shows, or the private link.

    Args:
        told: Texts, or bytes of files of any kind.
        link: Whether to look for the link instead.
    """
    pattern = _LINK_PATTERN if link else _KEY_PATTERN
    return list(_found(pattern, told))


def _found(pattern: re.Pattern[str], told: Iterable[str | bytes]) -> Iterator[Leak]:
    for one in told:
        plain = one.decode("latin-1") if isinstance(one, bytes) else one
        for text in (plain, _GAPS.sub("", plain)):
            for match in pattern.finditer(text):
                yield Leak(text[max(match.start() - 160, 0) : match.end() + 40])
                break


def assert_silent(*told: str | bytes) -> None:
    """The key is in none of it."""
    _assert_none(hunt(*told))


def assert_discreet(*told: str | bytes) -> None:
    """Neither the key nor the private link is."""
    _assert_none(hunt(*told) + hunt(*told, link=True))


def _assert_none(leaks: list[Leak]) -> None:
    assert not leaks, "\n".join(leak.excerpt for leak in leaks)


def files_in(*folders: Path) -> dict[Path, bytes]:
    """Every file below the folders, whole, and its name with it."""
    return {
        path: bytes(path) + b"\n" + path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def loggers() -> list[logging.Logger]:
    """The root logger and every other that was ever asked for."""
    names = list(logging.root.manager.loggerDict)
    return [logging.getLogger(), *map(logging.getLogger, names)]


def main() -> None:
    """Exit with 1, and say where, if the key is in any file of the folders."""
    files = files_in(*map(Path, sys.argv[1:]))
    found = [f"{path}: the key is in it\n" for path, content in files.items() if hunt(content)]
    sys.stdout.writelines([*found, f"{len(files)} files were looked through\n"])
    sys.exit(1 if found or not files else 0)


if __name__ == "__main__":
    main()
