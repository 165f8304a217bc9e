"""A link reaches the service as it was given, byte for byte, over both lanes."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest

from pixlab_async import AsyncPixLab

from .conftest import Lane
from .scripted import http, serve

KEY = "0123456789abcdef0123456789abcdef"

LINKS = {
    "plain": "https://media.example/24p62f73c9583ec6.jpeg",
    "a parameter of its own": "https://h/a?key=EVIL&link=b",
    "a fragment": "https://h/a#part",
    "an equals sign": "https://h/a=b?c=d=e",
    "a plus sign": "https://h/a+b?c+d",
    "a space": "https://h/a b",
    "an encoded space": "https://h/a%20b",
    "an encoded slash": "https://h/a%2Fb",
    "encoded twice": "https://h/a%252Fb",
    "in small letters": "https://h/a%2fb",
    "a needless escape": "https://h/%41%7E",
    "no escape at all": "https://h/%zz",
    "a percent sign at the end": "https://h/100%",
    "a carriage return": "https://h/a\rb",
    "a line end": "https://h/a\nb",
    "a NUL": "https://h/a\0b",
    "a tab": "https://h/a\tb",
    "beyond ASCII": "https://h/中",
    "beyond the first plane": "https://h/😀",
    "composed": "https://h/\u00e9",
    "decomposed": "https://h/e\u0301",
    "a name beyond ASCII": "https://bücher.example/a",
    "quotes": "https://h/\"a'b`",
    "brackets": "https://h/<a>[b]{c}\\d|e^f",
    "separators": "https://h/a;b,c:d@e!f$g*h(i)",
    "dots": "https://h/a/../b/./c//d",
    "a user": "https://user:pass@h:8080/a",
    "blanks at the ends": " https://h/a ",
    "eight thousand characters": "https://h/" + "a" * 8000,
}


@pytest.mark.parametrize("what", LINKS)
async def test_a_link_arrives_as_it_was_given(lane: Lane, what: str) -> None:
    link = LINKS[what]
    with serve([http(b'{"status":200}')]) as script:
        async with AsyncPixLab(base_url=script.base_url, api_key=KEY, transport=lane) as pixlab:
            await pixlab.call("tagimg", {"img": link})

    line, _, _ = script.requests[0].partition(b"\r\n")
    method, target, version = line.split(b" ")
    path, _, query = target.partition(b"?")
    fields = [field.partition(b"=") for field in query.split(b"&")]
    assert (method, path, version) == (b"GET", b"/tagimg", b"HTTP/1.1")
    assert [name for name, _, _ in fields] == [b"img", b"key"]
    assert unquote_to_bytes(fields[0][2].replace(b"+", b" ")) == link.encode()
    assert fields[1][2] == KEY.encode()
