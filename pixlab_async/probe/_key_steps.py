"""Steps that ask where the key is taken, and the first picture that is stored."""

from __future__ import annotations

import secrets

from .._key import APIKey
from ._picture import picture
from ._questions import ACCEPTED, REFUSED
from ._replies import fields_told, linked
from ._session import Session
from ._values import Skip, Step, Stop
from ._wire import Ask, Place, Seen, encoded


async def _missing_parameter(session: Session) -> None:
    """Also finds out, before anything is stored, whether it could be deleted again."""
    for place in session.order:
        reply = await session.ask(Ask("header", place))
        session.outcome("missing-parameter", reply)
        if not reply.fault and not reply.refuses_key:
            session.get_place = place
            return

    if all(seen.refuses_key for seen in session.sent[-2:]):
        raise Stop("the key is refused", "refused")


def _uploading(name: str, place: Place) -> Step:
    """The step that uploads a picture to be looked at, with the key in one place."""

    async def run(session: Session) -> None:
        reply = await session.ask(Ask("header", place, body="multipart", file=picture()))
        _taken(session, name, reply)
        if not reply.fault and not reply.refuses_key:
            session.uploads.append(place)

    where = {"body": "a form field", "query": "the query", "header": "the header"}[place]
    return Step(name, f"uploads a picture to `header`, with the key in {where}", (name,), run)


def _asking(name: str, place: Place) -> Step:
    """The step that asks about the stored picture, with the key in one place."""

    async def run(session: Session) -> None:
        link = session.stored().link
        reply = await session.ask(Ask("header", place, (("img", encoded(link)),)))
        if _taken(session, name, reply):
            session.gets.append(place)
            session.get_place = session.get_place or place
        elif reply.refuses_key and session.get_place == place:
            session.get_place = next(iter(session.gets), None)
        if reply.worked:
            fields_told(session, "header-reply", "header", reply)

    told = f"asks `header` about the stored picture, with the key in the {place}"
    return Step(name, told, (name, "header-reply"), run)


async def _key_json(session: Session) -> None:
    link = session.stored().link
    reply = await session.ask(Ask("header", "body", body="json", fields={"img": link}))
    _taken(session, "key-json", reply)


async def _key_urlencoded(session: Session) -> None:
    link = session.stored().link
    reply = await session.ask(Ask("header", "body", body="urlencoded", fields={"img": link}))
    _taken(session, "key-urlencoded", reply)


def _taken(session: Session, name: str, reply: Seen) -> bool:
    """Answer whether the key was taken."""
    if reply.worked:
        session.answer(name, ACCEPTED, reply)
    elif reply.refuses_key:
        session.answer(name, REFUSED, reply)
    else:
        session.unseen(name, "the request failed for another reason", reply)
    return reply.worked


async def _wrong_key(session: Session) -> None:
    wrong = APIKey(secrets.token_hex(16))
    place = session.place()
    query = (("img", encoded(session.stored().link)),)
    session.outcome("wrong-key", await session.ask(Ask("header", place, query, key=wrong)))


async def _store(session: Session) -> None:
    if session.get_place is None:
        raise Skip("what is stored could not be deleted: the key was taken in no GET request")

    if not session.uploads:
        raise Skip("the key was not taken in any upload")

    # A form field is the usual way; with the header preferred, that.
    first: Place = "header" if session.order[0] == "header" else "body"
    place = first if first in session.uploads else session.uploads[0]
    reply = await session.ask(Ask("store", place, body="multipart", file=picture(), stores=True))
    fields_told(session, "store-reply", "store", reply)
    linked(session, reply)


FIRST = (
    Step(
        "missing-parameter",
        "calls `header` without a picture",
        ("missing-parameter",),
        _missing_parameter,
        requests=2,
    ),
    _uploading("key-form", "body"),
    _uploading("key-query-upload", "query"),
    _uploading("key-header-upload", "header"),
)
STORE = Step(
    "store",
    "stores a picture",
    ("store-reply", "link-host", "link-form"),
    _store,
    stores=1,
)
THEN = (
    _asking("key-query", "query"),
    _asking("key-header", "header"),
    Step("key-json", "the same with all in a JSON object", ("key-json",), _key_json),
    Step(
        "key-urlencoded",
        "the same with all in a URL-encoded form",
        ("key-urlencoded",),
        _key_urlencoded,
    ),
    Step("wrong-key", "the same with a made-up key", ("wrong-key",), _wrong_key),
)
