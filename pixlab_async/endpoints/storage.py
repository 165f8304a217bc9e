"""Storing and deleting media."""

from __future__ import annotations

from .._arguments import optional, words
from .._endpoint import ENDPOINTS
from .._errors import ConfigurationError, NotFound
from .._protocol import Call
from .._results import Deletion, DeletionState, Media, Meta
from .._sources import Source, as_source, check_link
from .._success import Success
from ._group import Group, call_of, media


class Storage(Group):
    """Endpoints that keep media and let them go."""

    async def store(self, source: Source, *, comment: str | None = None) -> Media:
        """Upload a picture or video and keep it until it is deleted.

        Args:
            source: A ``Path``, bytes, a binary file or an iterable of bytes.
            comment: Free text that is kept with it.

        Raises:
            ConfigurationError: The source is a link, or cannot be read; or the comment is no
                text.
            UnsupportedMedia: PixLab does not keep this kind of file.
            PixLabError: Any other failure, see the error tree.

        Source: https://pixlab.io/endpoints/store
        """
        upload = as_source(source)
        if isinstance(upload, str):
            raise ConfigurationError(
                "store uploads what is here and takes no link: fetch the bytes first, or pass "
                "the link itself to the endpoint that needs it."
            )

        params = {"comment": optional(words, comment, "comment")}
        return await self.send(Call(ENDPOINTS["store"], media, params, upload))

    async def copy(self, link: str | Media) -> Media:
        """Keep a copy of what lies at an address, or of what is stored already.

        The page calls the parameter ``link``, its own sample programs send ``img``: this sends
        what the programs do.

        Args:
            link: A URL, a stored ``Media``, or its id.

        Raises:
            ConfigurationError: The link cannot be sent.
            NotFound: PixLab found nothing there.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/copy
        """
        target = link.link if isinstance(link, Media) else link
        params = {"img": check_link(target, "link")}
        return await self.send(call_of("copy", media, params))

    async def delete(self, link: str | Media, *, missing_ok: bool = False) -> Deletion:
        """Delete one stored picture or video.

        Repeated by itself where a reply was lost. When such a repeat finds nothing there,
        the first one worked: the state is then ``deleted_unconfirmed``.

        Args:
            link: The media, its link exactly as it was given, or its id.
            missing_ok: Whether nothing being there is fine (state ``already_gone``).

        Raises:
            ConfigurationError: The link cannot be sent.
            NotFound: Nothing is there, and ``missing_ok`` is False.
            PixLabError: Any other failure, see the error tree. Where its
                ``maybe_processed`` is True, the picture may be gone all the same.

        Source: https://pixlab.io/endpoints/delete
        """
        try:
            return await self.send(delete_call(link))
        except NotFound as error:
            gone = deletion_of_nothing(error)
            if gone.state is DeletionState.ALREADY_GONE and not missing_ok:
                raise

            return gone


def delete_call(link: str | Media) -> Call[Deletion]:
    """The call that deletes what is at the link.

    Raises:
        ConfigurationError: The link cannot be sent.
    """
    target = link.link if isinstance(link, Media) else link
    return Call(ENDPOINTS["delete"], _deletion, {"link": check_link(target, "link")})


def deletion_of_nothing(error: NotFound) -> Deletion:
    """What a 404 means for a deletion: it worked before, or there was nothing."""
    meta = Meta(error.attempts, error.elapsed, error.http_status)
    if error.maybe_processed:
        return Deletion(None, True, DeletionState.DELETED_UNCONFIRMED, meta=meta)

    return Deletion(None, False, DeletionState.ALREADY_GONE, meta=meta)


def _deletion(success: Success) -> Deletion:
    # A false "deleted" would leave a private picture online: only a plain true counts.
    if success.fields.get("deleted") is not True:
        success.lacks("deleted", "true")

    identifier = success.fields.get("id")
    return Deletion(
        identifier if isinstance(identifier, str) else None,
        True,
        DeletionState.DELETED,
        success.beyond("id", "deleted"),
        success.meta,
    )
