"""What an emulator takes on has limits: over real sockets, with limits that are cheap to reach."""

from __future__ import annotations

import gzip
import io
import json
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from pixlab_async.emulator import Emulator, Limits
from pixlab_async.emulator._fetching import fetching
from pixlab_async.emulator._media import MediaStore, StoreFull
from pixlab_async.emulator.pixels.documents import _of_html, _of_markdown, _wrapped
from pixlab_async.emulator.pixels.text import font_of

from ..conftest import PLAIN, png
from ..scripted import http, serve
from .calling import Calls, gif, opened

SMALL = Limits(
    body=40_000,
    text=4_000,
    patience=1.0,
    entries=5,
    fetched=30_000,
    pixels=10_000,
    all_pixels=25_000,
    frames=6,
    stored=10 * 4096,
    recorded=100,
    recorded_bytes=100_000,
)
KEY = "0123456789abcdef"


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(api_key=KEY, limits=SMALL) as emulator:
        yield emulator


@pytest.fixture
def small(running: Emulator) -> Iterator[Calls]:
    running.clear()
    with httpx.Client(base_url=running.base_url, verify=PLAIN) as client:
        yield Calls(running, client)


def said(calls: Calls, sent: bytes, *, then: bytes = b"") -> bytes:
    """All that is answered on a connection of its own, until it ends."""
    with _connected(calls) as connection:
        connection.sendall(sent)
        if then:
            connection.sendall(then)
        return _rest_of(connection)


def _connected(calls: Calls) -> socket.socket:
    host, port = calls.emulator.base_url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def _rest_of(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def header_of(width: int, height: int) -> bytes:
    """A PNG that says to be so large, and has next to nothing in it."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    facts = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", facts) + body + chunk(b"IEND", b"")


# -- bodies


def test_an_upload_over_the_limit_is_refused(small: Calls) -> None:
    reply = small.upload("store", bytes(50_000))

    assert (reply.status_code, reply.json()["status"]) == (413, 413)
    assert "limit of 40000 bytes" in reply.json()["error"]
    assert not small.emulator.received


def test_a_body_without_a_length_is_counted_while_it_comes(small: Calls) -> None:
    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(50):
            yield bytes(1000)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    reply = small.client.post("/store", content=endless(), headers=headers)

    assert reply.status_code == 413


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_texts_have_a_limit_of_their_own(small: Calls, kind: str) -> None:
    reply = small.client.post("/store", content=b"a" * 5000, headers={"Content-Type": kind})

    assert (reply.status_code, "limit of 4000" in reply.text) == (413, True)


def test_of_two_content_types_the_one_that_is_read_sets_the_limit(small: Calls) -> None:
    kinds = [("Content-Type", "application/json"), ("Content-Type", "multipart/form-data")]
    reply = small.client.post("/store", content=b"a" * 5000, headers=kinds)

    assert (reply.status_code, "limit of 4000" in reply.text) == (413, True)


def test_who_asks_first_is_not_asked_to_send_too_much(small: Calls) -> None:
    answer = said(
        small,
        b"POST /store HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        b"Content-Length: 1000000000000\r\nExpect: 100-continue\r\n\r\n",
    )

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_packed_body_is_not_taken(small: Calls, coding: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    reply = small.client.post("/store", content=gzip.compress(bytes(1000)), headers=headers)

    assert reply.status_code == 415


@pytest.mark.parametrize(
    "kind",
    [b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"],
)
def test_a_body_that_does_not_come_ends_the_connection(small: Calls, kind: bytes) -> None:
    answer = said(
        small,
        b"POST /store HTTP/1.1\r\nHost: x\r\nContent-Type: " + kind + b"\r\n"
        b"Content-Length: 100\r\n\r\n",
        then=b"--x\r\n",
    )

    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("begun", [b"", b"GET /status HTTP/1.1\r\nHost:"])
def test_a_header_that_does_not_come_ends_the_connection(small: Calls, begun: bytes) -> None:
    assert said(small, begun) == b""


def test_a_second_header_that_does_not_come_ends_the_connection(small: Calls) -> None:
    with _connected(small) as connection:
        connection.sendall(b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while not received.endswith(b"}"):
            received += connection.recv(65536)
        connection.sendall(b"GET /sta")

        assert _rest_of(connection) == b""


def test_a_flood_of_headers_is_refused(small: Calls) -> None:
    flood = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 90) for number in range(800))

    assert said(small, b"GET /status HTTP/1.1\r\n" + flood).startswith(b"HTTP/1.1 400 ")


def test_a_form_with_too_many_fields_is_refused(calls: Calls) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    reply = calls.client.post("/store", content=part * 1100 + b"--x--", headers=headers)

    assert reply.status_code == 400


def test_a_list_with_too_many_entries_is_refused(small: Calls) -> None:
    points = [{"x": 1, "y": 1}] * 6
    reply = small.post("drawpoints", img="x", points=points)

    assert (reply.status_code, "more entries" in reply.json()["error"]) == (400, True)


# -- pictures


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG"])
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(small: Calls, kind: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (101, 100)).save(buffer, kind)
    packed = buffer.getvalue()[:39_000]

    reply = small.upload("flip", packed)

    assert (reply.status_code, "101 x 100 pixels" in reply.json()["error"]) == (415, True)


@pytest.mark.parametrize(
    ("width", "height"), [(30_000, 30_000), (2**31 - 1, 2**31 - 1), (1, 2**31 - 1)]
)
def test_a_bomb_is_refused_by_its_header(small: Calls, width: int, height: int) -> None:
    assert small.upload("flip", header_of(width, height)).status_code == 415


def test_a_bomb_in_an_icon_is_found(small: Calls) -> None:
    inner = header_of(12_000, 12_000)
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inner), 22)
    reply = small.upload("flip", struct.pack("<HHH", 0, 1, 1) + entry + inner)

    assert (reply.status_code, "12000 x 12000" in reply.json()["error"]) == (415, True)


@pytest.mark.parametrize(
    "content",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%touch x) (w) file\n%%EOF",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><svg>&y;</svg>',
        b"SIMPLE  =                    T" + b" " * 50,
        b"icns\0\0\0\x10ic10\0\0\0\x08",
    ],
    ids=["PostScript", "SVG", "FITS", "ICNS"],
)
def test_what_runs_programs_or_unpacks_unseen_is_not_read(small: Calls, content: bytes) -> None:
    assert small.upload("flip", content).status_code == 415


def test_frames_have_a_limit_of_pixels_together(small: Calls) -> None:
    still = gif("red", "blue", "green", size=(60, 60))

    reply = small.upload("resizegif", still, width=10)

    assert (reply.status_code, "pixels together" in reply.json()["error"]) == (400, True)


def test_frames_have_a_limit_of_their_number(small: Calls) -> None:
    many = gif(*("red", "blue") * 4, size=(2, 2))

    assert small.upload("resizegif", many, width=10).status_code == 400


def test_pictures_of_a_request_have_a_limit_of_pixels_together(small: Calls) -> None:
    """A few hundred bytes, named again and again, would be gigabytes of pixels."""
    link = small.stored(Image.new("1", (100, 100)))
    cord = [{"img": link, "x": 0, "y": 0}] * 4

    reply = small.post("merge", src=link, cord=cord)

    assert (reply.status_code, "of this request" in reply.json()["error"]) == (400, True)


def test_blurred_parts_have_a_limit_of_pixels_together(small: Calls) -> None:
    link = small.stored(Image.new("1", (100, 100)))
    cord = [{"x": n, "y": 0, "width": 90, "height": 100} for n in range(5)]

    assert small.post("mogrify", img=link, cord=cord).status_code == 400


@pytest.mark.parametrize(
    ("endpoint", "parameters"),
    [
        ("resize", {"width": 100_000, "height": 100_000}),
        ("newimage", {"width": 100_000, "height": 100_000}),
        ("pixelgenerate", {"width": 100_000, "height": 100_000}),
        ("border", {"width": 2_000_000_000}),
        ("extent", {"width": 100_000, "height": 100_000}),
        ("scale", {"scale": 1_000_000}),
        ("resample", {"xr": 1_000_000, "yr": 1_000_000}),
    ],
)
def test_a_result_of_too_many_pixels_is_refused(
    small: Calls, endpoint: str, parameters: dict[str, Any]
) -> None:
    if endpoint not in ("newimage", "pixelgenerate"):
        parameters = {**parameters, "img": small.stored(Image.new("1", (10, 10)))}

    assert small.get(endpoint, **parameters).status_code == 400


def test_a_page_as_large_as_a_house_is_refused(small: Calls) -> None:
    page = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 14400 14400]>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )
    link = small.stored(page)

    reply = small.get("pdftoimg", src=link)

    assert (reply.status_code, "30000 x 30000" in reply.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    "text", ["[" * 199_000, "*a " * 66_000, "# " + " " * 199_000 + "x", "# " + "#" * 199_000 + "x"]
)
def test_markdown_that_begins_much_and_ends_nothing_is_read_in_time(text: str) -> None:
    """Each of these took minutes where its end was looked for again and again."""
    assert len(list(_of_markdown(text))) == 1


@pytest.mark.parametrize("text", ["<a ", "x<!--", "x</", "<a b='", "<![CDATA["])
def test_html_that_begins_much_and_ends_nothing_is_read_in_time(text: str) -> None:
    assert len(list(_of_html(text * (199_000 // len(text))))) == 1


def test_blanks_without_end_are_wrapped_in_time() -> None:
    assert list(_wrapped("a" + " " * 199_000, font_of(15), 100)) == ["a"]


# -- what is kept


def test_a_full_store_takes_nothing_more_until_something_goes(small: Calls) -> None:
    content = png(Image.new("1", (2, 2)))
    links = [small.stored(content) for _ in range(10)]

    full = small.upload("store", content)
    small.get("delete", link=links[0])
    again = small.upload("store", content)

    assert (full.status_code, again.status_code) == (507, 200)
    assert "the store is full" in full.json()["error"]


def test_what_lay_in_the_folder_before_counts(tmp_path: Path) -> None:
    (tmp_path / "1p0000000000000.png").write_bytes(bytes(39_000))
    with Emulator(tmp_path, api_key=KEY, limits=SMALL) as emulator:
        with httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
            reply = Calls(emulator, client).upload("store", png(Image.new("1", (2, 2))))

    assert reply.status_code == 507


def test_what_could_not_be_written_takes_no_room(tmp_path: Path) -> None:
    store = MediaStore(tmp_path, most=4096)
    tmp_path.rmdir()
    with pytest.raises(FileNotFoundError):
        store.save(b"x", "png", "1p")
    tmp_path.mkdir()

    assert store.ids() == []
    assert store.save(b"x", "png", "1p") in store.ids()


def test_what_is_being_written_is_measured_as_a_whole(tmp_path: Path) -> None:
    """Whichever thread measures, and whenever: what is kept never goes over the limit."""
    store = MediaStore(tmp_path, most=10 * 1024**2)
    content = bytes(1024**2)

    def keep() -> None:
        for _ in range(10):
            with suppress(StoreFull):
                store.save(content, "png", "1p")

    threads = [threading.Thread(target=keep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(store.ids()) == 10


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="a folder as Linux has it")
def test_a_file_that_goes_while_the_store_is_measured_does_not_count() -> None:
    # The descriptor with which the folder is listed is in the list, and gone after it.
    assert MediaStore(Path("/proc/self/fd"), most=10**9).ids() == []


def test_the_record_holds_so_many_bytes_and_no_more(small: Calls) -> None:
    for _ in range(5):
        small.upload("flip", bytes(30_000))

    held = [len(incoming.file or b"") for incoming in small.emulator.received]
    assert held == [30_000] * 3


def test_the_record_holds_so_many_requests_and_no_more(small: Calls) -> None:
    for number in range(110):
        small.client.get("/status", params={"n": number})

    numbers = [incoming.params["n"] for incoming in small.emulator.received]
    assert numbers == [str(number) for number in range(20, 110)] or len(numbers) <= 100


# -- what is reached


@pytest.mark.parametrize(
    "path",
    [
        "/media.pixlab.xyz/../../etc/passwd",
        "/media.pixlab.xyz/..%2f..%2fetc%2fpasswd",
        "/media.pixlab.xyz/%2e%2e/%2e%2e/etc/passwd",
        "/media.pixlab.xyz/..%5c..%5cetc",
        "/media.pixlab.xyz//etc/passwd",
        "/media.pixlab.xyz/1p0000000000000.png%00.jpg",
        "/media.pixlab.xyz/1p0000000000000.png%0a",
        "/media.pixlab.xyz/.1p0000000000000.png",
    ],
)
def test_no_path_leads_out_of_the_store(small: Calls, path: str) -> None:
    answer = said(small, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("link", ["../secret", "..%2fsecret", "/etc/passwd", "file:///etc/passwd"])
@pytest.mark.parametrize("endpoint", ["copy", "delete", "flip"])
def test_no_link_leads_to_a_file_of_this_machine(small: Calls, endpoint: str, link: str) -> None:
    name = "link" if endpoint == "delete" else "img"

    assert small.get(endpoint, **{name: link}).status_code == 404


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret", tmp_path / "media"
    secret.write_bytes(png(Image.new("1", (2, 2))))
    folder.mkdir()
    (folder / "1p0000000000000.png").symlink_to(secret)
    with (
        Emulator(folder, api_key=KEY) as emulator,
        httpx.Client(base_url=emulator.base_url, verify=PLAIN) as it,
    ):
        shown = it.get("/media.pixlab.xyz/1p0000000000000.png")
        copied = Calls(emulator, it).get("copy", img="1p0000000000000.png")

    assert (shown.status_code, copied.status_code) == (404, 404)


INSIDE = [
    "http://127.0.0.1:{port}/a.png",
    "http://localhost:{port}/a.png",
    "http://[::ffff:127.0.0.1]:{port}/a.png",
    "http://2130706433:{port}/a.png",
    "http://0x7f.1:{port}/a.png",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/a.png",
    "http://100.100.100.200/a.png",
    "http://168.63.129.16/a.png",
    "http://[64:ff9b::7f00:1]/a.png",
    "http://[fd00:ec2::254]/a.png",
    "http://[2606::5efe:7f00:1]/a.png",
    "http://example.org@127.0.0.1:{port}/a.png",
]


@pytest.mark.parametrize("link", INSIDE)
def test_an_emulator_that_others_reach_fetches_nothing_from_inside(link: str) -> None:
    with serve([http(b"secret")]) as inside, Emulator(api_key=KEY, fetch_private=False) as emulator:
        port = inside.base_url.rpartition(":")[2]
        with httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
            reply = Calls(emulator, client).get("flip", img=link.format(port=port))

    assert (reply.status_code, inside.accepted) == (400, 0)
    assert "not on the public internet" in reply.json()["error"]


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 415), ("0.0.0.0", 400)])
def test_whether_private_files_are_fetched_goes_with_who_can_reach_it(
    host: str, status: int
) -> None:
    with serve([http(b"words")]) as inside, Emulator(api_key=KEY, host=host) as emulator:
        with httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
            reply = Calls(emulator, client).get("flip", img=f"{inside.base_url}/a.png")

    assert reply.status_code == status


def test_a_redirect_is_followed_a_few_times(small: Calls) -> None:
    moved = http(b"", 302, ["Location: /again"])
    with serve([moved]) as round_and_round:
        reply = small.get("flip", img=f"{round_and_round.base_url}/a.png")

    assert (reply.status_code, "in circles" in reply.json()["error"]) == (404, True)


def test_a_redirect_leads_to_a_picture(small: Calls) -> None:
    picture = http(png(Image.new("1", (9, 7))), 200, ["Content-Type: image/png"])
    with serve([http(b"", 302, ["Location: /real.png"])], [picture]) as script:
        reply = small.get("flip", img=f"{script.base_url}/a.png", blob=1)

    assert opened(reply).size == (9, 7)


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip", "deflate"])
def test_a_packed_file_is_not_unpacked(small: Calls, coding: str) -> None:
    packed = http(gzip.compress(bytes(1000)), 200, [f"Content-Encoding: {coding}"])
    with serve([packed]) as script:
        reply = small.get("flip", img=f"{script.base_url}/a.png")

    assert (reply.status_code, "is packed" in reply.json()["error"]) == (400, True)


def test_a_file_that_drips_is_given_up() -> None:
    slow = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"
    limits = Limits(fetch_seconds=0.2)
    with serve([slow, b""]) as script, Emulator(api_key=KEY, limits=limits) as emulator:
        with httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
            reply = Calls(emulator, client).get("flip", img=f"{script.base_url}/a.png")

    assert (reply.status_code, "does not answer" in reply.json()["error"]) == (404, True)


def test_no_other_limit_ends_a_file_that_is_slow() -> None:
    assert fetching().timeout == httpx.Timeout(None)


@pytest.mark.parametrize("wrong", [{"body": 0}, {"pixels": -1}, {"computing": 0}, {"stored": 0}])
def test_limits_are_checked(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits(**wrong)


def test_a_deep_or_endless_json_is_a_bad_request(small: Calls) -> None:
    for content in (b"[" * 3000, json.dumps({"n": 1}).encode()[:-1], b"1" * 3999):
        headers = {"Content-Type": "application/json"}
        assert small.client.post("/store", content=content, headers=headers).status_code == 400


async def test_an_emulator_that_is_started_in_any_event_loop_computes(picture: bytes) -> None:
    """It serves in a loop of its own."""
    with (
        Emulator(api_key=KEY) as emulator,
        httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client,
    ):
        assert Calls(emulator, client).upload("store", picture).status_code == 200
