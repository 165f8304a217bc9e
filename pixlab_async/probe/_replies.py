"""What several steps tell of a reply: its fields, and the link in it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .._results import JSON, last_part
from .._wording import masked
from ..catalogue import catalogue
from ._picture import kind_of
from ._session import Session
from ._wire import Seen, bounded, short

# <the account's prefix><13 hexadecimal digits>.<extension>
SHAPE = re.compile(r"[0-9a-z]+[0-9a-f]{13}\.[a-z0-9]+")


def fields_told(session: Session, name: str, endpoint: str, reply: Seen) -> None:
    """Answer which fields a reply lacks, and which it has beyond those that are known."""
    if not reply.worked or reply.fields is None:
        session.unseen(name, "the call did not work", reply)
        return

    known = {each.name for each in catalogue()[endpoint].reply or ()}
    missing = bounded(known - {"error"} - reply.fields.keys())
    beyond = bounded(reply.fields.keys() - known)
    session.answer(name, {"missing": missing, "beyond": beyond}, reply)


def linked(session: Session, reply: Seen) -> None:
    """Answer where the link leads, and how it is made."""
    link, given = reply.text("link"), reply.text("id")
    if not link:
        for name in ("link-host", "link-form"):
            session.unseen(name, "the reply has no link", reply)
        return

    parts = urlsplit(link)
    host: dict[str, JSON] = {"scheme": parts.scheme, "host": short(parts.hostname or "")}
    session.answer("link-host", host, reply, note=masked(link))
    form: dict[str, JSON] = {
        "id_is_last_part": given == last_part(link),
        "known_shape": SHAPE.fullmatch(last_part(link)) is not None,
    }
    session.answer("link-form", form, reply)


def blob_told(session: Session, reply: Seen) -> None:
    """Answer whether a reply to blob=true is a picture."""
    kind = kind_of(reply.body)
    found: dict[str, JSON] = {"http": reply.http, "picture": bool(kind)}
    note = f"{short(reply.media_type) or 'no content type'}, {kind or 'no picture'}"
    session.answer("blob", found, reply, note=note)
