"""A probe of the emulator: the whole sequence, at its pace, and nothing told that is private."""

from __future__ import annotations

import json
import logging
from itertools import pairwise
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import jsonschema
import pytest
from trio.testing import MockClock

from pixlab_async import ConfigurationError
from pixlab_async.emulator import Emulator
from pixlab_async.probe import (
    FETCHES,
    MOST,
    QUESTIONS,
    REQUESTS,
    STEPS,
    STORED,
    Probe,
    Step,
    interval_of,
    schema,
)
from pixlab_async.probe._picture import fingerprint, kind_of, picture
from pixlab_async.probe._service_steps import SUMS, agreed
from pixlab_async.transports import Reply, Request, TransportFault

from ..conftest import Lane
from ..servers import authority, http1, listening
from .deviating import Answered, Asked, Deviation, deviating
from .striking import Striking

# Signs that are spelt differently in URLs and in JSON.
CANARY = "CANARY/bird+0123456789abcdef&="
SPELLINGS = ("0123456789abcdef", "CANARY%2Fbird", "CANARY\\/bird", "CANARY/bird")


def probe_of(emulator: Emulator, **options: Any) -> Probe:
    given: dict[str, Any] = {"api_key": emulator.api_key, "base_url": emulator.base_url, **options}
    return Probe(**given)


def test_each_question_is_answered_by_one_step_at_least() -> None:
    answered = {name for step in STEPS for name in step.answers} | set(SUMS)

    assert answered == set(QUESTIONS)


def test_the_sequence_is_short() -> None:
    assert REQUESTS <= 31
    assert FETCHES <= 4
    assert STORED < MOST == 3


def test_what_is_expected_has_a_reason() -> None:
    for question in QUESTIONS.values():
        assert bool(question.expected) == (question.basis != "unknown")
        assert question.says or question.basis == "unknown"


async def test_the_emulator_does_as_documented(emulator: Emulator) -> None:
    probe = probe_of(emulator)
    await probe.run()

    found = {each.question.name: each for each in probe.observations()}
    assert {name for name, each in found.items() if each.fits is False} == set()
    unseen = {name for name, each in found.items() if each.seen is None}
    assert unseen == {"http2", "tls", "rate-limit"}
    assert emulator.stored() == []
    assert probe.ending().clean


async def test_the_lane_makes_no_difference(emulator: Emulator, lane: Lane) -> None:
    probe = probe_of(emulator, transport=lane)
    await probe.run()

    assert {each.question.name for each in probe.observations() if each.fits is False} == set()
    assert probe.ending().reason == ""
    assert emulator.stored() == []


async def test_it_sends_no_more_than_it_announces(emulator: Emulator) -> None:
    probe = probe_of(emulator)
    await probe.run()

    told = probe.document()
    assert len(emulator.received) == told["requests"] <= REQUESTS  # type: ignore[operator]  # int
    assert told["stored"] == STORED


async def test_the_document_is_of_its_schema(emulator: Emulator) -> None:
    probe = probe_of(emulator)
    await probe.run()

    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(probe.document(), schema(), jsonschema.Draft202012Validator)


def test_a_probe_that_never_ran_has_a_document_too() -> None:
    probe = Probe(api_key="a-key-of-some-length")

    told = probe.document()
    jsonschema.validate(told, schema(), jsonschema.Draft202012Validator)
    assert (told["service"], told["finished"]) == ("api.pixlab.io", False)


async def test_each_step_is_told_before_it_is_taken(emulator: Emulator) -> None:
    told: list[tuple[str, int]] = []

    def tell(step: Step) -> None:
        told.append((step.name, len(emulator.received)))

    probe = probe_of(emulator, tell=tell)
    await probe.run()

    assert [name for name, _ in told] == [step.name for step in STEPS]
    assert told[:3] == [("handshake", 0), ("status", 0), ("missing-parameter", 1)]


async def test_a_probe_serves_once(emulator: Emulator) -> None:
    probe = probe_of(emulator)
    await probe.run()

    with pytest.raises(ConfigurationError, match="serves once"):
        await probe.run()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "No API key"),
        ({"api_key": "a b"}, "characters that no key has"),
        ({"api_key": "key", "base_url": "http://example.org"}, "plain http"),
        ({"api_key": "key", "auth": "form"}, "auth must be"),
        ({"api_key": "key", "rate": "fast"}, "is no rate"),
        ({"api_key": "key", "timeout": 0}, "timeout is in seconds"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_sent(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Probe(**options)


@pytest.mark.parametrize(
    ("origin", "rate", "seconds"),
    [
        ("https://api.pixlab.io", None, 1.0),
        ("http://127.0.0.1:8080", None, 0.0),
        ("http://127.0.0.1:8080", "30/min", 2.0),
        ("https://api.pixlab.io", "10/s", 0.1),
    ],
)
def test_requests_are_a_second_apart_where_the_service_is_elsewhere(
    origin: str, rate: str | None, seconds: float
) -> None:
    assert interval_of(origin, rate) == pytest.approx(seconds)


class Instant:
    """A service without a wire, which refuses all; notes when it was asked."""

    def __init__(self) -> None:
        self.times: list[float] = []

    async def send(self, request: Request) -> Reply:
        self.times.append(anyio.current_time())
        await anyio.lowlevel.checkpoint()
        return Reply(400, {}, b'{"status": 400, "error": "no"}')

    def fetch(self, url: str, *, timeout: float) -> Any:
        raise AssertionError("nothing is stored that could be fetched")

    async def aclose(self) -> None: ...


def test_no_request_is_sent_before_its_time() -> None:
    service = Instant()
    probe = Probe(api_key="key", base_url="http://127.0.0.1:1", rate="60/min", transport=service)
    anyio.run(probe.run, backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)})

    pauses = [later - earlier for earlier, later in pairwise(service.times)]
    assert len(pauses) > 5
    assert min(pauses) > 0.999


class Limited(Instant):
    """A service without a wire, whose limit is reached when one picture is stored."""

    def __init__(self) -> None:
        super().__init__()
        self.endpoints: list[str] = []

    async def send(self, request: Request) -> Reply:
        await super().send(request)
        self.endpoints.append(request.endpoint)
        if "store" in self.endpoints[:-1] and request.endpoint != "delete":
            return Reply(429, {}, b'{"status": 429}')

        if request.endpoint == "store":
            return Reply(
                200, {}, b'{"status": 200, "link": "http://127.0.0.1:1/1p0123456789abc.png"}'
            )

        return Reply(200, {}, b'{"status": 200, "deleted": true}')

    def fetch(self, url: str, *, timeout: float) -> Any:
        raise TransportFault("not here", sent=False)


def test_after_a_refusal_for_the_rate_a_minute_passes_before_what_is_stored_is_deleted() -> None:
    service = Limited()
    probe = Probe(api_key="key", base_url="http://127.0.0.1:1", transport=service)
    anyio.run(probe.run, backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)})

    assert (probe.ending().kind, probe.document()["stored"]) == ("limited", 1)
    assert service.endpoints[-1] == "delete"
    assert service.times[-1] - service.times[-2] >= 60
    assert probe.ending().clean


# --- Trouble on the wire --------------------------------------------------------------------


async def test_a_lost_reply_to_a_store_is_told(emulator: Emulator) -> None:
    def strike(number: int, answered: bool) -> None:
        if answered and transport.requests[-1].endpoint == "store":
            raise TransportFault("it broke", sent=True)

    transport = Striking(strike)
    probe = probe_of(emulator, transport=transport)
    await probe.run()

    assert probe.ending().lost == ("store: it broke; a picture may be stored",)
    found = {each.question.name: each for each in probe.observations()}
    assert found["delete"].note == "no picture could be stored"


async def test_where_nothing_answers_it_ends_with_the_first_request() -> None:
    probe = Probe(api_key="key", base_url="http://127.0.0.1:1")
    await probe.run()

    assert (probe.ending().kind, probe.document()["requests"]) == ("trouble", 1)
    assert probe.ending().clean


async def test_where_replies_stop_to_come_it_ends_and_cleans_up(emulator: Emulator) -> None:
    def strike(number: int, answered: bool) -> None:
        if transport.requests[-1].endpoint == "drawtext":
            raise TransportFault("it broke", sent=True)

    transport = Striking(strike)
    probe = probe_of(emulator, transport=transport)
    await probe.run()

    assert probe.ending().kind == "trouble"
    assert [request.endpoint for request in transport.requests].count("drawtext") == 3
    assert emulator.stored() == []


# --- What is private ------------------------------------------------------------------------


def echoing(asked: Asked, reply: Answered) -> Answered:
    """Whatever was sent comes back in the error."""
    echo = f"{asked.path} {asked.headers.get('www-authenticate')} {asked.body.decode('latin-1')}"
    return reply.but(error=echo).headed(server=CANARY) if reply.status >= 400 else reply


def test_the_key_is_in_no_document_log_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    for name in ("httpx", "httpcore", "pixlab_async"):
        logging.getLogger(name).setLevel(1)
    try:
        with Emulator(api_key=CANARY) as emulator:
            with deviating(emulator, Deviation(after=echoing)) as address:
                probe = Probe(api_key=CANARY, base_url=address)
                anyio.run(probe.run)
    finally:
        for name in ("httpx", "httpcore", "pixlab_async"):
            logging.getLogger(name).setLevel(logging.NOTSET)

    ours = [record.getMessage() for record in caplog.records if "uvicorn" not in record.name]
    told = json.dumps(probe.document(show_links=True)) + repr(probe) + "\n".join(ours)
    assert [spelling for spelling in SPELLINGS if spelling in told] == []
    assert "***" in told  # it was echoed


async def test_links_and_ids_are_masked(emulator: Emulator) -> None:
    private: list[str] = []

    def after(asked: Asked, reply: Answered) -> Answered:
        private.extend(str(reply.fields[name]) for name in ("link", "id") if name in reply.fields)
        return reply.but(error=f"no: {' '.join(private)}") if reply.status >= 400 else reply

    with deviating(emulator, Deviation(after=after)) as address:
        probe = probe_of(emulator, base_url=address)
        await probe.run()

    told = json.dumps(probe.document())
    assert len(set(private)) == 4
    assert [each for each in private if each in told] == []
    assert private[0] in json.dumps(probe.document(show_links=True))


def test_what_a_reply_says_is_bounded(emulator: Emulator) -> None:
    def after(asked: Asked, reply: Answered) -> Answered:
        many = {f"field-{number}" + "x" * 500: 1 for number in range(200)}
        long = {f"x-ratelimit-{number}": "y" * 500 for number in range(60)}
        return reply.but(error="e" * 9000, **many).headed(**long) if reply.status >= 400 else reply

    with deviating(emulator, Deviation(after=after)) as address:
        probe = probe_of(emulator, base_url=address)
        anyio.run(probe.run)

    jsonschema.validate(probe.document(), schema(), jsonschema.Draft202012Validator)


# --- Its parts ------------------------------------------------------------------------------


@pytest.mark.parametrize("offered", ["h2", None])
async def test_the_handshake_tells_what_is_agreed_on(tmp_path: Path, offered: str | None) -> None:
    ours = authority(tmp_path)
    if offered is not None:
        ours.server.set_alpn_protocols([offered])
    with listening(http1, tls=ours.server) as (port, _):
        assert await agreed("localhost", port, ours.client) == ("TLSv1.3", offered)


async def test_a_server_that_is_not_trusted_is_told(tmp_path: Path) -> None:
    with listening(http1, tls=authority(tmp_path).server) as (port, _):
        probe = Probe(api_key="key", base_url=f"https://localhost:{port}")
        await probe.run()

    (found,) = [each for each in probe.observations() if each.question.name == "tls"]
    assert found.note == "the handshake failed: SSLCertVerificationError"


def test_pictures_are_alike_whose_dates_differ() -> None:
    plain = picture()
    end = plain.index(b"IEND") - 4
    dated = plain[:end] + b"\x00\x00\x00\x04tEXtdate\x00\x00\x00\x00" + plain[end:]

    assert (kind_of(dated), fingerprint(dated)) == ("png", fingerprint(plain))
    assert fingerprint(plain.replace(b"IDAT", b"IDAX")) != fingerprint(plain)
