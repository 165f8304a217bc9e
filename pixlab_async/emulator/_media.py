"""The stored media: files in one folder, named as the service names them.

A name is an account's prefix, 13 hexadecimal digits made of the time as PHP's uniqid
makes them, and the extension: the shape that real replies had. What lies in the folder is
what is stored, so a restart finds it again.
"""

from __future__ import annotations

import math
import re
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock

from attrs import define, field

# The path under which replies of 2022 had their media.
BUCKET = "media.pixlab.xyz"

_ID = re.compile(r"[0-9a-z]+[0-9a-f]{13}\.[a-z0-9]+")


# What a file takes of a disk, however small it is.
_LEAST = 4096


class StoreFull(Exception):
    """Nothing more can be kept; the message says why."""


@define(eq=False)
class MediaStore:
    """Media on disk.

    Attributes:
        folder: Where they lie.
        most: How many bytes they may have together.
    """

    folder: Path
    most: float = math.inf
    _last: int = 0
    _size: int = field(init=False)
    _coming: dict[str, int] = field(factory=dict[str, int])
    _lock: Lock = field(factory=Lock)

    def __attrs_post_init__(self) -> None:
        self._size = self._measured()

    def save(self, content: bytes, extension: str, prefix: str) -> str:
        """Keep the bytes; the new id.

        Raises:
            StoreFull: There is no room for them.
        """
        name = f"{prefix}{self._unique()}.{extension}"
        part = self.folder / f".{name}"
        self._make_room(part.name, max(len(content), _LEAST))
        try:
            part.write_bytes(content)
            part.rename(self.folder / name)
        except BaseException:
            self._take_back(part)
            raise

        del self._coming[part.name]
        return name

    def path(self, media_id: str) -> Path | None:
        """The file of that id, or None where nothing is stored under it."""
        if not _ID.fullmatch(media_id):
            return None

        path = self.folder / media_id
        return path if path.is_file() and not path.is_symlink() else None

    def read(self, media_id: str) -> bytes | None:
        """The bytes of that id, or None where nothing is stored under it."""
        path = self.path(media_id)
        try:
            return None if path is None else path.read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, media_id: str) -> bool:
        """Remove it for good; whether it was there."""
        if not _ID.fullmatch(media_id):
            return False

        path = self.folder / media_id
        with self._lock:
            try:
                size = path.lstat().st_size
                path.unlink()
            except FileNotFoundError:
                return False

            self._size -= max(size, _LEAST)
        return True

    def ids(self) -> list[str]:
        """Everything that is stored now, oldest first."""
        # The digits count the time; the prefix before them says whose it is.
        found = (path.name for path in self.folder.iterdir() if _ID.fullmatch(path.name))
        return sorted(found, key=lambda name: name.partition(".")[0][-13:])

    def _make_room(self, part: str, size: int) -> None:
        with self._lock:
            if self._size + size > self.most:
                self._size = self._measured()  # somebody else may have tidied up
            if self._size + size > self.most:
                raise StoreFull(f"the store is full: it holds {self.most} bytes at most")

            self._size += size
            self._coming[part] = size

    def _take_back(self, part: Path) -> None:
        """It could not be written."""
        part.unlink(missing_ok=True)
        with self._lock:
            self._size -= self._coming.pop(part.name)

    def _measured(self) -> int:
        coming = dict(self._coming)
        total = sum(coming.values())  # what is being written counts as a whole
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):  # it got its name, or was tidied up, meanwhile
                total += 0 if path.name in coming else max(path.lstat().st_size, _LEAST)
        return total

    def _unique(self) -> str:
        """The time in microseconds, moved on where two ask within one."""
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1000)
            seconds, micros = divmod(self._last, 1_000_000)
        return f"{seconds:08x}{micros:05x}"


def id_of(link: str) -> str:
    """The id that a link or an id means: the last part of a path on this host or another.

    The host is not compared: after a restart on another port, old links still work.
    """
    return link.partition("?")[0].rpartition("/")[2]
