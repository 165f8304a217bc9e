"""A service that does one thing otherwise: the probe sees it, and says which."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import anyio
import jsonschema
import pytest

from pixlab_async.emulator import Emulator
from pixlab_async.probe import MOST, Probe, schema
from pixlab_async.probe._picture import picture

from .deviating import Answered, Asked, Deviation, answered, deviating


def probed(emulator: Emulator, deviation: Deviation, **options: Any) -> Probe:
    with deviating(emulator, deviation) as address:
        probe = Probe(api_key=emulator.api_key, base_url=address, **options)
        anyio.run(probe.run)
    jsonschema.validate(probe.document(), schema())
    return probe


def seen(probe: Probe) -> dict[str, Any]:
    return {each.question.name: each.seen for each in probe.observations()}


def verdicts(probe: Probe) -> dict[str, str]:
    return {each.question.name: each.verdict.value for each in probe.observations()}


# --- Each deviation, and what is seen of it -------------------------------------------------


def errors_as_200(asked: Asked, reply: Answered) -> Answered:
    return Answered(200, reply.body, reply.headers) if reply.status >= 400 else reply


def blob_error_as_bytes(asked: Asked, reply: Answered) -> Answered:
    if "blob=true" in asked.query and reply.status >= 400:
        return Answered(reply.status, picture(), {"content-type": "image/png"})

    return reply


def with_charset(asked: Asked, reply: Answered) -> Answered:
    return reply.headed(content_type="application/json; charset=utf-8") if reply.fields else reply


def with_cors(asked: Asked, reply: Answered) -> Answered:
    return reply.headed(access_control_allow_origin=asked.headers.get("origin", ""))


def with_limits(asked: Asked, reply: Answered) -> Answered:
    return reply.headed(ratelimit_remaining="59", x_ratelimit_limit="60")


def other_error_fields(asked: Asked, reply: Answered) -> Answered:
    return reply.but(error=None, message="no") if reply.status >= 400 else reply


def without_id(asked: Asked, reply: Answered) -> Answered:
    return reply.but(id=None) if asked.endpoint == "store" else reply


def unconfirmed(asked: Asked, reply: Answered) -> Answered:
    return reply.but(deleted=None) if asked.endpoint == "delete" else reply


def second_delete_200(asked: Asked, reply: Answered) -> Answered:
    if asked.endpoint == "delete" and reply.status == 404:
        return answered(200, id="gone.png", deleted=True)

    return reply


def other_status(endpoint: str, from_status: int, to_status: int) -> Deviation:
    def after(asked: Asked, reply: Answered) -> Answered:
        if asked.endpoint == endpoint and reply.status == from_status:
            return answered(to_status, error="otherwise")

        return reply

    return Deviation(after=after)


def no_plus(asked: Asked) -> Asked:
    return asked.with_query(asked.query.replace("+", "%2B"))


def decoded_twice(asked: Asked) -> Asked:
    def decoded(found: re.Match[str]) -> str:
        return found[1] + unquote(found[2]).replace(" ", "%20")

    return asked.with_query(re.sub(r"(center=)(an[^&]+)", decoded, asked.query))


def latin_1(asked: Asked) -> Asked:
    return asked.with_query(asked.query.replace("%C3%A9", "%C3%83%C2%A9"))


def blob_not_heeded(asked: Asked) -> Asked:
    return asked.with_query(asked.query.replace("&blob=true", ""))


def refusing(where: Callable[[Asked], bool]) -> Deviation:
    def before(asked: Asked) -> Asked | Answered:
        return answered(401, error="no key") if where(asked) else asked

    return Deviation(before)


def in_header(asked: Asked) -> bool:
    return "www-authenticate" in asked.headers


def in_query(asked: Asked) -> bool:
    return "key=" in asked.query


def in_form(asked: Asked) -> bool:
    return b'name="key"' in asked.body


def in_json(asked: Asked) -> bool:
    return asked.body.startswith(b"{")


def in_urlencoded(asked: Asked) -> bool:
    return b"&key=" in asked.body


def clamped(asked: Asked) -> Asked:
    return asked.with_query(asked.query.replace("radius=101", "radius=100"))


def strict(asked: Asked) -> Asked | Answered:
    return answered(400, error="unknown") if "probe=1" in asked.query else asked


OK = {"http": 200, "status": 200, "json": True}

DEVIATIONS: list[tuple[Deviation, dict[str, Any]]] = [
    (
        Deviation(after=errors_as_200),
        {
            "wrong-key": {"http": 200, "status": 401, "json": True},
            "missing-parameter": {"http": 200, "status": 400, "json": True},
            "wrong-method": {"http": 200, "status": 405, "json": True},
            "not-a-picture": {"http": 200, "status": 415, "json": True},
            "missing-picture": {"http": 200, "status": 404, "json": True},
            "blob-error": {"http": 200, "status": 400, "json": True},
            "unknown-endpoint": {"http": 200, "status": 501, "json": True},
            "out-of-range": {"http": 200, "status": 400, "json": True},
            "delete-again": {"http": 200, "status": 404, "json": True, "deleted": None},
            "delete-never": {"http": 200, "status": 404, "json": True, "deleted": None},
        },
    ),
    (
        Deviation(after=blob_error_as_bytes),
        {
            "blob-error": {"http": 400, "status": None, "json": False},
            "out-of-range": {"http": 400, "status": None, "json": False},
        },
    ),
    (
        Deviation(after=with_charset),
        {"json-content-type": "application/json; charset=utf-8"},
    ),
    (Deviation(after=with_cors), {"cors": {"allow_origin": "https://example.org"}}),
    (
        Deviation(after=with_limits),
        {"rate-limit": {"refused": False, "headers": ["ratelimit-remaining", "x-ratelimit-limit"]}},
    ),
    (Deviation(after=other_error_fields), {"error-fields": ["message", "status"]}),
    (
        Deviation(after=without_id),
        {
            "store-reply": {"missing": ["id"], "beyond": ["ssl_link"]},
            "link-form": {"id_is_last_part": False, "known_shape": True},
        },
    ),
    (
        Deviation(after=second_delete_200),
        {"delete-again": {**OK, "deleted": True}, "delete-never": {**OK, "deleted": True}},
    ),
    (
        other_status("delete", 404, 410),
        {
            "delete-again": {"http": 410, "status": 410, "json": True, "deleted": None},
            "delete-never": {"http": 410, "status": 410, "json": True, "deleted": None},
        },
    ),
    (
        other_status("store", 405, 400),
        {"wrong-method": {"http": 400, "status": 400, "json": True}},
    ),
    (
        other_status("header", 415, 400),
        {"not-a-picture": {"http": 400, "status": 400, "json": True}},
    ),
    (
        other_status("pixlab_async_probe", 501, 404),
        {"unknown-endpoint": {"http": 404, "status": 404, "json": True}},
    ),
    (Deviation(no_plus), {"encoding-plus": "a plus"}),
    (
        Deviation(decoded_twice),
        {"encoding-slash": "twice", "encoding-percent-plus": "a space"},
    ),
    (Deviation(latin_1), {"encoding-utf8": False}),
    (
        refusing(in_header),
        {"key-header": "refused", "key-header-upload": "refused"},
    ),
    (
        refusing(in_query),
        {"key-query": "refused", "key-query-upload": "refused"},
    ),
    (refusing(in_form), {"key-form": "refused"}),
    (
        refusing(in_json),
        {
            "key-json": "refused",
            "json-post": {"http": 401, "status": 401, "json": True},
            "encoding-utf8": None,
        },
    ),
    (refusing(in_urlencoded), {"key-urlencoded": "refused"}),
    (Deviation(clamped), {"out-of-range": {"http": 200, "status": None, "json": False}}),
    (Deviation(strict), {"unknown-parameter": {"http": 400, "status": 400, "json": True}}),
]


@pytest.fixture(scope="module")
def usual(running_emulator: Emulator) -> dict[str, Any]:
    """What is seen of a service that deviates in nothing."""
    return seen(probed(running_emulator, Deviation()))


@pytest.mark.parametrize(
    ("deviation", "expected"), DEVIATIONS, ids=[" ".join(expected) for _, expected in DEVIATIONS]
)
def test_what_deviates_is_seen_and_nothing_else(
    emulator: Emulator, usual: dict[str, Any], deviation: Deviation, expected: dict[str, Any]
) -> None:
    probe = probed(emulator, deviation)

    found = seen(probe)
    changed = {name for name in found if found[name] != usual[name]}
    assert {name: found[name] for name in changed - {"latency", "http-headers"}} == expected
    assert emulator.stored() == []
    assert probe.ending().clean
    assert probe.ending().reason == ""


def test_headers_of_the_connection_are_seen(emulator: Emulator) -> None:
    def after(asked: Asked, reply: Answered) -> Answered:
        return reply.headed(server="cloudflare", connection="close")

    found = seen(probed(emulator, Deviation(after=after)))["http-headers"]
    assert (found["server"], found["connection"]) == ("cloudflare", "close")


def test_what_is_documented_and_done_otherwise_differs(emulator: Emulator) -> None:
    found = verdicts(probed(emulator, Deviation(after=errors_as_200)))

    assert found["wrong-key"] == "differs"
    assert found["status-endpoint"] == "as documented"


def test_what_nobody_documented_is_now_seen_and_told_where_we_assumed_otherwise(
    emulator: Emulator,
) -> None:
    probe = probed(emulator, Deviation(after=second_delete_200))

    (again,) = [each for each in probe.observations() if each.question.name == "delete-again"]
    assert (again.verdict.value, again.fits) == ("unknown so far: now seen", False)


# --- Deviations that change how the probe goes on -------------------------------------------


def test_a_service_that_stores_in_spite_of_blob_is_not_asked_again_and_nothing_stays(
    emulator: Emulator,
) -> None:
    probe = probed(emulator, Deviation(blob_not_heeded))

    assert seen(probe)["blob"] == {"http": 200, "picture": False}
    assert seen(probe)["encoding-plus"] is None
    assert probe.document()["stored"] == MOST
    assert emulator.stored() == []


def test_a_deletion_that_is_not_confirmed_is_tried_again_at_the_end(emulator: Emulator) -> None:
    probe = probed(emulator, Deviation(after=unconfirmed))

    assert verdicts(probe)["delete"] == "differs"
    assert probe.ending().clean  # the second time it was told that nothing is there


def limited_at(endpoint: str) -> Deviation:
    struck: list[str] = []

    def before(asked: Asked) -> Asked | Answered:
        if asked.endpoint != endpoint or struck:
            return asked

        struck.append(endpoint)
        return answered(429, error="slow down").headed(retry_after="0", x_ratelimit_remaining="0")

    return Deviation(before)


def test_a_refusal_for_the_rate_ends_the_probe_and_shows_its_headers(emulator: Emulator) -> None:
    probe = probed(emulator, limited_at("drawtext"))

    assert seen(probe)["rate-limit"] == {
        "refused": True,
        "headers": ["retry-after", "x-ratelimit-remaining"],
    }
    assert probe.ending().kind == "limited"
    assert seen(probe)["delete"] is None
    assert [each.endpoint for each in emulator.received][-1] == "delete"
    assert emulator.stored() == []


def test_a_key_that_is_refused_everywhere_ends_the_probe_before_anything_is_stored(
    emulator: Emulator,
) -> None:
    probe = probed(emulator, refusing(lambda asked: asked.endpoint != "status"))

    assert (probe.ending().kind, probe.document()["requests"]) == ("refused", 3)


@pytest.mark.parametrize("auth", ["query", "header"])
def test_where_one_place_of_the_key_is_refused_the_other_serves(
    emulator: Emulator, auth: str
) -> None:
    where = in_query if auth == "query" else in_header
    probe = probed(emulator, refusing(where), auth=auth)

    assert probe.ending().reason == ""
    assert seen(probe)["delete"] == {**OK, "deleted": True}
    assert emulator.stored() == []


def test_a_deletion_that_fails_is_told_with_the_link(emulator: Emulator) -> None:
    def before(asked: Asked) -> Asked | Answered:
        return answered(500, error="no") if asked.endpoint == "delete" else asked

    probe = probed(emulator, Deviation(before))

    assert [media.link for media in probe.ending().left] == emulator.stored()
    assert len(emulator.stored()) == 2
    assert "…" in str(probe.document()["left"])
    assert probe.document(show_links=True)["left"] == emulator.stored()


def test_a_store_that_answers_without_a_link_is_told(emulator: Emulator) -> None:
    def after(asked: Asked, reply: Answered) -> Answered:
        return answered(500, error="lost") if asked.body and asked.endpoint == "store" else reply

    probe = probed(emulator, Deviation(after=after))

    assert probe.ending().lost == ("store: HTTP 500 without a link; a picture may be stored",)
    assert not probe.ending().clean


def test_a_picture_that_stays_reachable_is_told(emulator: Emulator) -> None:
    """As it is where a cache stands before the storage."""
    cache: dict[str, Answered] = {}

    def before(asked: Asked) -> Asked | Answered:
        return cache.get(asked.path, asked)

    def after(asked: Asked, reply: Answered) -> Answered:
        if asked.path.startswith("/media"):
            return cache.setdefault(asked.path, reply)

        if asked.endpoint == "store" and "link" in reply.fields:
            here = re.sub(r"//[^/]+/", f"//{address}/", reply.fields["link"])
            return reply.but(link=here, ssl_link=here)

        return reply

    address = ""
    with deviating(emulator, Deviation(before, after)) as url:
        address = url.partition("//")[2]
        probe = Probe(api_key=emulator.api_key, base_url=url)
        anyio.run(probe.run)

    assert seen(probe)["link-gone"] is False
    assert seen(probe)["link-reachable"] == {"http": 200, "same_bytes": True}
    assert emulator.stored() == []
