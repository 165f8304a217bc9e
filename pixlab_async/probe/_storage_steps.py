"""Steps that ask about stored pictures: reached, deleted, gone, deleted once more."""

from __future__ import annotations

import anyio

from .._results import JSON, Media
from ._picture import picture
from ._replies import SHAPE, fields_told
from ._session import Session
from ._values import Skip, Step
from ._wire import Ask, Seen, encoded

# After which of the intervals it is looked whether a deleted picture is gone.
_LOOKS = (0, 2, 5)
# How a host says that there is nothing; storage answers 403 to who may not list it.
_DEAD = (403, 404, 410)
# The shape of a link that was seen, and a time long before the service.
_NEVER = "0p0000000000000.png"


async def _reachable(session: Session) -> None:
    status, content = await session.fetch(session.stored())
    found: dict[str, JSON] = {"http": status, "same_bytes": content == picture()}
    session.answer("link-reachable", found)


async def _made(session: Session) -> None:
    query = (("img", encoded(session.stored().link)),)
    before = len(session.shelf.pictures)
    reply = await session.ask(Ask("grayscale", session.place(), query, stores=True))
    fields_told(session, "made-reply", "grayscale", reply)
    made = list(session.shelf.pictures.values())[before:]
    if not made or not reply.text("id"):
        raise Skip("no picture was made, or its reply has no id")

    await _delete(session, "delete-by-id", made[0], made[0].id)


async def _delete_stored(session: Session) -> None:
    media = session.stored()
    await _delete(session, "delete", media, media.link)


async def _delete(session: Session, name: str, media: Media, target: str) -> None:
    reply = await session.ask(Ask("delete", session.place(), (("link", encoded(target)),)))
    _answer(session, name, reply)
    if reply.worked and (reply.fields or {}).get("deleted") is True:
        session.shelf.gone.add(media.link)


def _answer(session: Session, name: str, reply: Seen) -> None:
    if reply.fault:
        session.unseen(name, "no reply came", reply)
        return

    deleted = (reply.fields or {}).get("deleted")
    told = deleted if isinstance(deleted, bool) else None
    session.answer(name, {**reply.outcome(), "deleted": told}, reply)


def _deleted(session: Session) -> Media:
    media = session.stored()
    if media.link not in session.shelf.gone:
        raise Skip("the picture was not deleted")

    return media


async def _gone(session: Session) -> None:
    media = _deleted(session)
    reached = session.observations.get("link-reachable")
    if reached is None or not reached.fits:
        raise Skip("the link was not reachable before")

    since = anyio.current_time()
    for look in _LOOKS:
        await anyio.sleep(max(0.0, since + look * session.interval - anyio.current_time()))
        status, _ = await session.fetch(media)
        if status not in _DEAD and status != 200:
            raise Skip(f"the link's host answered HTTP {status}, which tells nothing")

        if status in _DEAD:
            note = f"HTTP {status} after {anyio.current_time() - since:.1f} s"
            session.answer("link-gone", True, note=note)
            return

    note = f"still there after {anyio.current_time() - since:.1f} s, perhaps from a cache"
    session.answer("link-gone", False, note=note)


async def _delete_again(session: Session) -> None:
    query = (("link", encoded(_deleted(session).link)),)
    _answer(session, "delete-again", await session.ask(Ask("delete", session.place(), query)))


async def _delete_never(session: Session) -> None:
    query = (("link", encoded(_never(session))),)
    _answer(session, "delete-never", await session.ask(Ask("delete", session.place(), query)))


async def _missing_picture(session: Session) -> None:
    query = (("img", encoded(_never(session))),)
    session.outcome("missing-picture", await session.ask(Ask("header", session.place(), query)))


def _never(session: Session) -> str:
    """A link like the one that was stored, under which nothing can be."""
    link = session.stored().link
    folder, _, name = link.partition("?")[0].rpartition("/")
    never = f"{folder}/{_NEVER}" if SHAPE.fullmatch(name) else f"{folder}/pixlab-async-probe.png"
    session.shelf.hide(never)
    return never


REACHABLE = Step(
    "link-reachable",
    "fetches the stored picture by its link, without the key",
    ("link-reachable",),
    _reachable,
    requests=0,
    fetches=1,
)
STEPS = (
    Step(
        "made",
        "has `grayscale` make and store a second picture, and deletes it by its id",
        ("made-reply", "delete-by-id"),
        _made,
        requests=2,
        stores=1,
    ),
    Step("delete", "deletes the first picture", ("delete",), _delete_stored),
    Step(
        "link-gone",
        "looks whether its link is dead",
        ("link-gone",),
        _gone,
        requests=0,
        fetches=len(_LOOKS),
    ),
    Step("delete-again", "deletes it once more", ("delete-again",), _delete_again),
    Step("delete-never", "deletes a link that never was", ("delete-never",), _delete_never),
    Step(
        "missing-picture",
        "asks `header` about a link that never was",
        ("missing-picture",),
        _missing_picture,
    ),
)
