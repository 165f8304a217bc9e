"""The picture that a probe sends, and how two pictures are told apart. Pure."""

from __future__ import annotations

import hashlib
import struct
import zlib

WIDTH, HEIGHT = 256, 96
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Chunks that decide what is seen. The others may hold the time at which it was made.
_SEEN = (b"IHDR", b"PLTE", b"tRNS", b"IDAT")


def picture() -> bytes:
    """A small grey PNG with a gradient, the same each time."""
    rows = b"".join(
        b"\x00" + bytes((64 + (column + row) % 64) for column in range(WIDTH))
        for row in range(HEIGHT)
    )
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows, 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def kind_of(content: bytes) -> str:
    """The format that the first bytes say: "png", "jpeg", "gif", "webp", or ""."""
    if content.startswith(_SIGNATURE):
        return "png"

    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"

    if content.startswith(b"GIF8"):
        return "gif"

    return "webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""


def fingerprint(content: bytes) -> str:
    """A short text that two pictures share where they look the same to the last pixel."""
    digest = hashlib.sha256()
    for part in _decisive(content):
        digest.update(part)
    return digest.hexdigest()[:16]


def _decisive(content: bytes) -> list[bytes]:
    """The parts that decide what is seen: of a PNG without its dates, else all."""
    if not content.startswith(_SIGNATURE):
        return [content]

    found: list[bytes] = []
    at = len(_SIGNATURE)
    while at + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        kind = content[at + 4 : at + 8]
        if kind in _SEEN:
            found.append(kind + content[at + 8 : at + 8 + length])
        at += 12 + length
    return found
