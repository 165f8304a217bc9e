"""The emulator on its own: any HTTP client may use it, and it does what is documented."""

from __future__ import annotations

import io
import json
import re
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from PIL import Image

from pixlab_async.emulator import Emulator, Fault

from .conftest import PLAIN, png
from .scripted import wait_until


@pytest.fixture
def http_client(emulator: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
        yield client


@pytest.fixture
def source(emulator: Emulator, http_client: httpx.Client, picture: bytes) -> str:
    """A stored picture's link."""
    return str(stored(http_client, emulator, picture)["link"])


def stored(client: httpx.Client, emulator: Emulator, content: bytes, **data: str) -> Any:
    fields = {"key": emulator.api_key, **data}
    return client.post("/store", data=fields, files={"file": ("a", content)}).json()


# --- The vendor's own sample, in three steps ------------------------------------------------


def test_the_vendors_sample_runs_with_the_standard_library(emulator: Emulator, source: str) -> None:
    query = urlencode({"img": source, "radius": 3, "key": emulator.api_key})
    with urllib.request.urlopen(f"{emulator.base_url}/oilpaint?{query}") as reply:
        painted = json.load(reply)
    assert painted["status"] == 200

    query = urlencode({"link": painted["link"], "key": emulator.api_key})
    with urllib.request.urlopen(f"{emulator.base_url}/delete?{query}") as reply:
        assert json.load(reply)["deleted"] is True
    assert emulator.stored() == [source]


def test_the_vendors_sample_runs_with_requests(emulator: Emulator, source: str) -> None:
    import requests

    parameters: dict[str, Any] = {"img": source, "radius": 3, "key": emulator.api_key}
    painted = requests.get(f"{emulator.base_url}/oilpaint", parameters, timeout=30).json()
    assert painted["status"] == 200

    parameters = {"link": painted["link"], "key": emulator.api_key}
    gone = requests.get(f"{emulator.base_url}/delete", parameters, timeout=30).json()
    assert gone == {"id": painted["id"], "deleted": True, "status": 200}


def test_the_vendors_sample_runs_with_curl(emulator: Emulator, source: str) -> None:
    def curl(endpoint: str, **parameters: object) -> Any:
        command = ["curl", "-sG", f"{emulator.base_url}/{endpoint}"]
        for name, value in {**parameters, "key": emulator.api_key}.items():
            command += ["--data-urlencode", f"{name}={value}"]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    painted = curl("oilpaint", img=source, radius=3)

    assert curl("delete", link=painted["link"])["deleted"] is True


# --- Requests -----------------------------------------------------------------------------


def test_the_key_is_taken_from_the_header(
    emulator: Emulator, http_client: httpx.Client, source: str
) -> None:
    reply = http_client.get(
        "/delete", params={"link": source}, headers={"WWW-Authenticate": emulator.api_key}
    )

    assert reply.json()["status"] == 200


def test_the_key_is_taken_from_a_json_object(
    emulator: Emulator, http_client: httpx.Client, source: str
) -> None:
    fields = {"img": source, "radius": 2, "key": emulator.api_key}

    assert http_client.post("/oilpaint", json=fields).json()["status"] == 200


def test_the_key_is_taken_from_a_form(
    emulator: Emulator, http_client: httpx.Client, source: str
) -> None:
    fields = {"img": source, "radius": "2", "key": emulator.api_key}

    assert http_client.post("/oilpaint", data=fields).json()["status"] == 200


@pytest.mark.parametrize("key", [None, "wrong"])
def test_without_a_valid_key_the_answer_is_401(http_client: httpx.Client, key: str | None) -> None:
    params = {"link": "a"} | ({"key": key} if key else {})

    reply = http_client.get("/delete", params=params)

    assert (reply.status_code, reply.json()["status"]) == (401, 401)


@pytest.mark.parametrize(
    ("method", "path", "params", "status", "reason"),
    [
        ("GET", "/oilpaint", {"radius": "3"}, 400, "'img' is missing"),
        ("GET", "/oilpaint", {"img": "x"}, 400, "'radius' is missing"),
        ("GET", "/oilpaint", {"img": "x", "radius": "11"}, 400, "from 0 to 10"),
        ("GET", "/oilpaint", {"img": "x", "radius": "wide"}, 400, "from 0 to 10"),
        ("GET", "/oilpaint", {"img": "http://127.0.0.1:1/", "radius": "1"}, 404, "not answer"),
        ("GET", "/oilpaint", {"img": "no url", "radius": "1"}, 404, "not answer"),
        ("GET", "/delete", {}, 400, "'link' is missing"),
        ("GET", "/delete", {"link": "../../etc/passwd"}, 404, "nothing is stored"),
        ("POST", "/delete", {"link": "a"}, 405, "POST is not taken"),
        ("GET", "/store", {}, 405, "GET is not taken"),
        ("POST", "/store", {}, 400, "'file' is missing"),
        ("PUT", "/store", {}, 405, "PUT is not taken"),
        ("GET", "/tagimg", {}, 501, "does not compute 'tagimg'"),
        ("GET", "/media.pixlab.xyz/none.png", {}, 404, "nothing is stored"),
        ("GET", "/media.pixlab.xyz/..%2f..%2fetc%2fpasswd", {}, 404, ""),
    ],
)
def test_a_request_that_is_wrong_is_told_why(
    emulator: Emulator,
    http_client: httpx.Client,
    method: str,
    path: str,
    params: dict[str, str],
    status: int,
    reason: str,
) -> None:
    reply = http_client.request(method, path, params={**params, "key": emulator.api_key})

    assert reply.status_code == status
    if reason:
        assert reply.json()["status"] == status
        assert reason in reply.json()["error"]


@pytest.mark.parametrize("body", [b"{", b"[1]"])
def test_a_body_that_is_no_json_object_is_a_bad_request(
    http_client: httpx.Client, body: bytes
) -> None:
    headers = {"Content-Type": "application/json"}

    assert http_client.post("/oilpaint", content=body, headers=headers).status_code == 400


@pytest.mark.parametrize("content", [b"words", b"\x89PNG\r\n\x1a\n broken", b""])
def test_what_is_no_picture_is_unsupported(
    emulator: Emulator, http_client: httpx.Client, content: bytes
) -> None:
    assert stored(http_client, emulator, content)["status"] == 415


def test_a_cut_picture_is_unsupported(
    emulator: Emulator, http_client: httpx.Client, picture: bytes
) -> None:
    assert stored(http_client, emulator, picture[:-300])["status"] == 415


def test_a_picture_of_too_many_pixels_is_refused(
    emulator: Emulator, http_client: httpx.Client
) -> None:
    bomb = png(Image.new("1", (8000, 7000)))

    assert "too many" in stored(http_client, emulator, bomb)["error"]


def test_a_video_is_kept(emulator: Emulator, http_client: httpx.Client) -> None:
    reply = stored(http_client, emulator, b"\0\0\0\x18ftypmp42" + b"\0" * 50)

    assert reply["id"].endswith(".mp4")


# --- Media --------------------------------------------------------------------------------


def test_an_id_has_the_shape_that_real_ones_had(
    emulator: Emulator, http_client: httpx.Client, picture: bytes
) -> None:
    reply = stored(http_client, emulator, picture)

    assert re.fullmatch(r"[0-9a-z]+[0-9a-f]{13}\.[a-z]+", reply["id"])
    assert reply["link"].endswith("/" + reply["id"])


def test_ids_are_different(emulator: Emulator, http_client: httpx.Client, picture: bytes) -> None:
    replies = [stored(http_client, emulator, picture)["id"] for _ in range(20)]

    assert len(set(replies)) == 20
    assert [link.rpartition("/")[2] for link in emulator.stored()] == replies


def test_a_stored_picture_is_served_at_its_link(
    http_client: httpx.Client, source: str, picture: bytes
) -> None:
    reply = http_client.get(source)

    assert (reply.content, reply.headers["content-type"]) == (picture, "image/png")


def test_a_deleted_picture_is_gone_for_good(
    emulator: Emulator, http_client: httpx.Client, source: str
) -> None:
    params = {"link": source, "key": emulator.api_key}
    http_client.get("/delete", params=params)

    assert http_client.get(source).status_code == 404
    assert http_client.get("/delete", params=params).json()["status"] == 404


def test_media_survive_a_restart_on_another_port(tmp_path: Path, picture: bytes) -> None:
    with (
        Emulator(tmp_path, api_key="a" * 32) as first,
        httpx.Client(base_url=first.base_url, verify=PLAIN) as client,
    ):
        reply = stored(client, first, picture)
    with (
        Emulator(tmp_path, api_key="a" * 32) as second,
        httpx.Client(base_url=second.base_url, verify=PLAIN) as client,
    ):
        assert client.get(f"/media.pixlab.xyz/{reply['id']}").content == picture
        params = {"link": reply["link"], "key": second.api_key}
        assert client.get("/delete", params=params).json()["deleted"] is True

    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_its_own_goes_with_the_emulator(picture: bytes) -> None:
    with Emulator() as emulator, httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
        stored(client, emulator, picture)
        folder = emulator._service.store.folder  # type: ignore[union-attr]  # it runs

    assert not folder.exists()


def test_each_tenants_media_have_a_prefix(picture: bytes) -> None:
    with Emulator(more_keys=["b" * 20]) as emulator:
        with httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
            first = stored(client, emulator, picture)["id"]
            second = stored(client, emulator, picture, key="b" * 20)["id"]

    assert (first[:2], second[:2]) == ("1p", "2p")


def test_a_picture_from_another_host_is_fetched(
    emulator: Emulator, http_client: httpx.Client, picture: bytes
) -> None:
    with Emulator() as other, httpx.Client(base_url=other.base_url, verify=PLAIN) as client:
        link = stored(client, other, picture)["link"]
        params: dict[str, Any] = {"img": link, "radius": 1, "key": emulator.api_key}
        assert http_client.get("/oilpaint", params=params).json()["status"] == 200

        params["img"] = f"{other.base_url}/media.pixlab.xyz/none.png"
        assert "answered 404" in http_client.get("/oilpaint", params=params).json()["error"]


@pytest.mark.parametrize("blob", ["true", "True", "1"])
def test_blob_is_understood_in_every_spelling(
    emulator: Emulator, http_client: httpx.Client, source: str, blob: str
) -> None:
    params: dict[str, str | int] = {"img": source, "radius": 2, "blob": blob}
    params["key"] = emulator.api_key

    reply = http_client.get("/oilpaint", params=params)

    assert reply.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(reply.content)).size == (24, 16)


def test_a_jpeg_stays_a_jpeg(emulator: Emulator, http_client: httpx.Client) -> None:
    buffer = io.BytesIO()
    Image.effect_noise((16, 16), 50).convert("RGB").save(buffer, "JPEG")
    link = stored(http_client, emulator, buffer.getvalue())["link"]
    params = {"img": link, "radius": 2, "key": emulator.api_key}

    assert http_client.get("/oilpaint", params=params).json()["id"].endswith(".jpeg")


# --- Limits and faults ----------------------------------------------------------------------


@pytest.mark.parametrize("announce_wait", [False, True])
def test_more_requests_than_the_limit_are_answered_429(announce_wait: bool) -> None:
    with Emulator(limit_per_minute=3, announce_wait=announce_wait) as emulator:
        with httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
            # More than two windows' worth: the minute may turn in the middle.
            replies = [client.get("/status") for _ in range(8)]

    refused = [reply for reply in replies if reply.status_code == 429]
    assert len(refused) >= 2
    assert refused[0].json()["status"] == 429
    assert ("retry-after" in refused[0].headers) == announce_wait


def test_a_reset_is_a_reset(emulator: Emulator, http_client: httpx.Client) -> None:
    emulator.inject(Fault(reset="before"))

    with pytest.raises(httpx.ReadError):
        http_client.get("/status")


def test_a_reset_in_the_middle_comes_after_half_of_the_body(emulator: Emulator) -> None:
    emulator.inject(Fault(reset="middle"))
    host, port = emulator.base_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET /status HTTP/1.1\r\nHost: h\r\n\r\n")
        received = b""
        with pytest.raises(ConnectionResetError):
            while True:
                chunk = connection.recv(65536)
                assert chunk
                received += chunk

    head, _, body = received.partition(b"\r\n\r\n")
    assert b"content-length: 53" in head.lower() or b"content-length" in head.lower()
    assert body.startswith(b'{"payload"')
    assert not body.endswith(b"}")


def test_a_fault_strikes_as_often_as_it_says(emulator: Emulator, http_client: httpx.Client) -> None:
    emulator.inject(Fault(endpoint="status", status=500, times=2))

    statuses = [http_client.get("/status").status_code for _ in range(3)]

    assert statuses == [500, 500, 200]


def test_a_fault_strikes_its_endpoint_only(emulator: Emulator, http_client: httpx.Client) -> None:
    emulator.inject(Fault(endpoint="delete", status=500))

    assert http_client.get("/status").status_code == 200


def test_a_fault_can_act_and_lose_the_reply(
    emulator: Emulator, http_client: httpx.Client, source: str
) -> None:
    emulator.inject(Fault(endpoint="delete", acts=True, status=500))

    reply = http_client.get("/delete", params={"link": source, "key": emulator.api_key})

    assert reply.status_code == 500
    assert emulator.stored() == []


def test_http_and_body_can_disagree(emulator: Emulator, http_client: httpx.Client) -> None:
    emulator.inject(Fault(status=401, http_status=200, headers={"X-Odd": "yes"}))

    reply = http_client.get("/status")

    assert (reply.status_code, reply.json()["status"], reply.headers["x-odd"]) == (200, 401, "yes")


def test_a_truncated_reply_has_a_length_that_fits(
    emulator: Emulator, http_client: httpx.Client
) -> None:
    emulator.inject(Fault(truncated=True))

    reply = http_client.get("/status")

    with pytest.raises(ValueError, match="Unterminated|Expecting"):
        reply.json()


def test_the_record_tells_what_came(emulator: Emulator, http_client: httpx.Client) -> None:
    http_client.get("/status?a=1&key=k")

    (request,) = emulator.received
    assert (request.method, request.endpoint, request.params) == ("GET", "status", {"a": "1"})
    assert (request.key, request.query) == ("k", "a=1&key=k")


# --- Life -----------------------------------------------------------------------------------


def test_an_emulator_that_does_not_run_says_so() -> None:
    with pytest.raises(RuntimeError, match="inside `async with`"):
        _ = Emulator().base_url


def test_a_port_that_is_taken_is_an_os_error(emulator: Emulator) -> None:
    port = int(emulator.base_url.rpartition(":")[2])

    with pytest.raises(OSError, match="[Aa]ddress"), Emulator(port=port):
        raise AssertionError("unreachable")


def test_a_start_that_fails_leaves_no_folder(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    port = int(emulator.base_url.rpartition(":")[2])

    with pytest.raises(OSError, match="[Aa]ddress"):
        Emulator(port=port).start()

    assert list(tmp_path.iterdir()) == []


def test_open_connections_are_counted() -> None:
    with Emulator() as emulator:
        with httpx.Client(base_url=emulator.base_url, verify=PLAIN) as client:
            client.get("/status")
            assert emulator.connections == 1
        wait_until(lambda: emulator.connections == 0)
    assert emulator.connections == 0


def test_what_a_fault_keeps_waiting_ends_with_the_clearing_and_does_nothing(
    emulator: Emulator, http_client: httpx.Client, picture: bytes
) -> None:
    emulator.inject(Fault(endpoint="store", latency=600, acts=True))
    fields = {"key": emulator.api_key}
    with pytest.raises(httpx.ReadTimeout):
        http_client.post("/store", data=fields, files={"file": ("a", picture)}, timeout=0.2)
    wait_until(lambda: emulator.connections == 0)
    assert not emulator.idle

    emulator.clear()

    wait_until(lambda: emulator.idle)
    assert emulator.stored() == []


def test_links_name_an_address_that_can_be_reached() -> None:
    with Emulator(host="0.0.0.0") as emulator:
        assert emulator.base_url.startswith("http://127.0.0.1:")


def test_stopping_twice_is_fine() -> None:
    emulator = Emulator()
    emulator.start()
    emulator.stop()
    emulator.stop()


async def test_an_emulator_runs_in_an_async_block(anyio_backend: str) -> None:
    async with Emulator() as emulator, httpx.AsyncClient(verify=PLAIN) as client:
        reply = await client.get(f"{emulator.base_url}/status")

    assert reply.json()["status"] == 200


def test_an_emulator_listens_on_ipv6_too() -> None:
    try:
        with Emulator(host="::1") as emulator, httpx.Client(verify=PLAIN) as client:
            assert client.get(f"{emulator.base_url}/status").status_code == 200
            assert emulator.base_url.startswith("http://[::1]:")
    except OSError:
        pytest.skip("this machine has no IPv6")


def test_the_server_logs_no_request(
    emulator: Emulator, http_client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        http_client.get("/status?key=the-key")

    logged = [record for record in caplog.records if record.name.startswith("uvicorn")]
    assert "the-key" not in "".join(record.getMessage() for record in logged)


def test_it_is_not_reached_from_other_machines_by_default(emulator: Emulator) -> None:
    assert emulator.base_url.startswith("http://127.0.0.1:")
