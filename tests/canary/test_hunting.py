"""The canary can sing: each way to look for a leak finds one that is planted for it."""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import pickle
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import attrs
import httpx
import pytest

from pixlab_async.transports import Request

from ..databases import ROOT
from .hunting import KEY, LINK, SPELLINGS, files_in, hunt, main
from .telling import TELLERS, as_a_debugger_finds_it, shown_by, told_by

MORE_SPELLINGS: dict[str, str | bytes] = {
    **SPELLINGS,
    "as bytes print": repr(KEY.encode()),
    "cut off": repr(KEY)[:14] + "...",
    "cut off in front": "..." + KEY[-9:],
    "wrapped over lines": KEY[:5] + "\n" + KEY[5:],
    "framed": f"│ {KEY[:7]} │\n│ {KEY[7:]} │",
    "split by a repr": f"({KEY[:6]!r}\n {KEY[6:]!r})",
    "in UTF-16": KEY.encode("utf-16"),
    "in UTF-32": KEY.encode("utf-32-be"),
    "in base64": base64.b64encode(f"key={KEY}".encode()),
    "in another base64": base64.urlsafe_b64encode(f"user:{KEY}".encode()),
    "in hexadecimal digits": KEY.encode().hex(),
    "as a fingerprint": hashlib.sha256(KEY.encode()).hexdigest(),
    "in the middle of binary data": b"\xff\xfe\0" + KEY.encode() + b"\0\x80",
    "pickled": pickle.dumps({"key": KEY}),
}


@pytest.mark.parametrize("spelling", MORE_SPELLINGS)
def test_the_key_is_found_in_every_spelling(spelling: str) -> None:
    assert hunt("before", MORE_SPELLINGS[spelling], "behind")


@pytest.mark.parametrize("told", [LINK, LINK.replace("/", "%2F"), repr(LINK.encode()), LINK[:32]])
def test_a_private_link_is_found(told: str) -> None:
    assert hunt(told, link=True)
    assert not hunt(told)


@pytest.mark.parametrize("told", ["", "***", "0123456789abcdef" * 9, "media.example/…1d2e3f.png"])
def test_nothing_is_found_where_nothing_is(told: str) -> None:
    assert hunt(told) + hunt(told, link=True) == []


class Holder:
    """Prints without what it holds."""

    __module__ = "pixlab_async.made_up"
    __slots__ = ("secret",)

    def __init__(self, secret: object) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return "<Holder>"


@attrs.frozen(repr=False)
class Dumped:
    """Prints without its field, but whoever asks attrs is told."""

    secret: str


def raised(secret: object) -> Exception:
    """An error with a frame that holds the secret."""
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        return error


def planted_in_a_cause() -> BaseException:
    error = ValueError()
    error.__cause__ = raised(KEY)
    return error


def planted_in_a_group() -> ExceptionGroup[Exception]:
    return ExceptionGroup("several", [ValueError(), raised(KEY)])


def planted_in_a_note() -> BaseException:
    error = ValueError()
    error.add_note(f"sent {KEY}")
    return error


def planted_in_a_request() -> BaseException:
    return httpx.ReadTimeout("", request=httpx.Request("GET", "https://a", params={"key": KEY}))


@pytest.mark.parametrize("teller", [*TELLERS[:3], as_a_debugger_finds_it])
@pytest.mark.parametrize("plant", [lambda: raised(KEY), planted_in_a_cause, planted_in_a_group])
def test_each_teller_finds_the_key_in_a_frame(
    teller: Callable[[BaseException], str], plant: Callable[[], BaseException]
) -> None:
    assert hunt(teller(plant()))


@pytest.mark.parametrize("plant", [planted_in_a_note, planted_in_a_request])
def test_the_parts_of_an_error_are_looked_at(plant: Callable[[], BaseException]) -> None:
    assert hunt(TELLERS[3](plant()))
    assert hunt(told_by(plant()))


def test_what_rich_alone_shows_is_found() -> None:
    error = raised(Dumped(KEY))

    assert [bool(hunt(teller(error))) for teller in TELLERS] == [False, True, False, False]


@pytest.mark.parametrize("held", [KEY, KEY.encode(), [KEY], {"a": (KEY,)}, {KEY: 1}, Holder(KEY)])
def test_what_a_debugger_alone_finds_is_found(held: object) -> None:
    assert hunt(as_a_debugger_finds_it(raised(Holder(held))))


@pytest.mark.parametrize(
    "plant",
    [
        Dumped(KEY),
        SimpleNamespace(a=KEY),
        httpx.URL("https://a", params={"key": KEY}),
        ValueError(KEY),
    ],
)
def test_what_an_object_shows_is_found(plant: object) -> None:
    assert hunt(shown_by(plant))


def test_a_log_line_is_found(log: io.StringIO) -> None:
    logging.getLogger("somebody.elses").debug("sent %s", KEY)

    assert hunt(log.getvalue())


def test_a_file_is_found_by_its_content_and_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"\0" + KEY.encode())
    (tmp_path / KEY[:16]).touch()

    assert len(hunt(*files_in(tmp_path).values())) == 4  # as it is, and without gaps


def test_a_request_of_ours_would_tell_the_key_to_nobody() -> None:
    """Its parts are no attrs fields, which others print and dump."""
    request = Request("GET", "delete", "https://a/delete", f"/delete?key={KEY}", (), b"", 1, 1.0)

    assert not hunt(shown_by(request))
    assert sys.getsizeof(request) < 200  # it has no __dict__


@pytest.mark.parametrize(("content", "code"), [(f"<p>{KEY}</p>", 1), ("<p></p>", 0), (None, 1)])
def test_a_folder_is_looked_through_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, code: int
) -> None:
    if content is not None:
        (tmp_path / "index.html").write_text(content)
    monkeypatch.setattr(sys, "argv", ["hunting", str(tmp_path)])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == code


def test_no_page_has_what_could_be_a_key_but_the_one_that_is_none() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.py")]
    found = {text for page in pages for text in re.findall(r"[0-9a-fA-F]{24,}", page.read_text())}

    assert len(pages) > 20
    assert found <= {"0123456789abcdef0123456789abcdef"}


def test_the_build_of_the_documentation_looks_for_the_same_key() -> None:
    assert f'CANARY = "{KEY}"' in (ROOT / "noxfile.py").read_text()
