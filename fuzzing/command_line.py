"""What users write: rates, ages, keys, key files, base URLs, links and JSON parameters.

The first byte says which reader the rest goes to. Each gives a value or a
``ConfigurationError``, and one with the text of a key in it never.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from fuzzing._running import Target, main
from pixlab_async import APIKey, ConfigurationError
from pixlab_async._key import guard_text, require
from pixlab_async._origin import BaseURL, host_of, is_host
from pixlab_async._pacer import Pacer, per_minute
from pixlab_async._sources import as_source, check_link
from pixlab_async.cli._inputs import _conversation, _overlays, _rectangles, json_of
from pixlab_async.cli._settings import read_key
from pixlab_async.ledger._queries import which
from pixlab_async.ledger._values import seconds_of

_FOLDER = TemporaryDirectory(prefix="fuzzing-")
KEY_FILE = Path(_FOLDER.name, "key")
# No key is found in a message by chance from so many characters on.
_LONG = 8


def _rate(text: str) -> None:
    pacer = Pacer(per_minute(text))
    for now in (0.0, 0.5, 1e6):
        if pacer.delay(now) == 0.0:
            pacer.take(now)
        assert 0 <= pacer.delay(now) < math.inf


def _age(text: str) -> None:
    assert 0 <= seconds_of(text) < math.inf
    (since,) = which("stored", older_than=text).values
    assert isinstance(since, int)
    assert since.bit_length() < 64  # what SQLite takes


def _seconds(text: str) -> None:
    try:
        seconds = float(text)
    except ValueError:
        return

    (since,) = which("stored", older_than=seconds).values
    assert isinstance(since, int)
    assert since.bit_length() < 64


def _key(text: str) -> None:
    try:
        key = require(guard_text(text))
    except ConfigurationError as error:
        assert len(text) < _LONG or text not in str(error)
        raise

    assert key.scrub(text) == "***"
    assert key == APIKey(text)


def _key_file(text: str) -> None:
    KEY_FILE.touch(mode=0o600)
    KEY_FILE.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert read_key(KEY_FILE).reveal() == text.removeprefix("\ufeff").strip()


def _base_url(text: str) -> None:
    origin = BaseURL.parse(text).require()
    assert origin.startswith(("https://", "http://"))
    assert is_host(host_of(origin))
    assert origin.isascii()


def _link(text: str) -> None:
    assert check_link(text, "link") == text
    as_source(text)
    host_of(text)


def _parameter(text: str) -> None:
    value = json_of(text, "cord")
    _conversation(text)
    _rectangles(value)
    _overlays(value)


READERS: tuple[Callable[[str], None], ...] = (
    _rate,
    _age,
    _seconds,
    _key,
    _key_file,
    _base_url,
    _link,
    _parameter,
)


def run(data: bytes) -> None:
    """Read the text as what the first byte says."""
    if not data:
        return

    try:
        READERS[data[0] % len(READERS)](data[1:].decode("utf-8", "surrogateescape"))
    except ConfigurationError as error:
        assert str(error)


_NUMBERS = st.sampled_from(
    ["0", "1", "600", "9" * 400, "0." + "0" * 330 + "1", "1.5", "1e300", "-"]
)
_UNITS = st.sampled_from(["/min", "/s", "/h", "d", "w", "s", " ", "/", "min"])
_WORDS = st.sampled_from(
    ["https://", "http://", "localhost", ":", "@", "?key=", "#", "[::1]", "xn--"]
)
_JSON = st.sampled_from(
    ["[", "]", "{", "}", '"img"', ":", ",", "@", "null", "1" * 5000, "[" * 3000]
)
TEXTS = st.text() | st.lists(_NUMBERS | _UNITS | _WORDS | _JSON, max_size=8).map("".join)


def _written(reader: int, text: str) -> bytes:
    return bytes([reader]) + text.encode("utf-8", "surrogatepass")


INPUTS = st.builds(
    _written,
    st.integers(0, len(READERS) - 1),
    TEXTS,
)
TARGET = Target(
    "command_line",
    run,
    INPUTS,
    (b"600/min", b"7d", b"https://", b"localhost", b"?key=", b"[::1]", b'{"img":', b"1e300", b"@"),
)

if __name__ == "__main__":
    main(TARGET)
