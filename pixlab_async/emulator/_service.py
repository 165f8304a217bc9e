"""What the endpoints work with: the store, the keys and the answers that were told."""

from __future__ import annotations

from attrs import field, frozen
from starlette.responses import JSONResponse

from ._answers import Answers
from ._fetching import Fetcher
from ._incoming import Incoming
from ._media import BUCKET, MediaStore, StoreFull
from ._replies import Refused, answer
from ._work import Computing


@frozen
class Service:
    """What the endpoints work with.

    Attributes:
        store: The stored media.
        base_url: Under which links are made.
        keys: The keys that are valid, and the prefix of each account's media.
        answers: What was told for endpoints that cannot be computed.
        fetcher: Fetches files from elsewhere.
        computing: Where pictures are computed.
    """

    store: MediaStore
    base_url: str
    keys: dict[str, str] = field(repr=False)
    answers: Answers
    fetcher: Fetcher
    computing: Computing

    def keep(
        self, content: bytes, extension: str, request: Incoming, **fields: object
    ) -> JSONResponse:
        """Store the bytes and answer as the service does, with further fields.

        Raises:
            Refused: The store is full.
        """
        try:
            media_id = self.store.save(content, extension, self.keys[request.key or ""])
        except StoreFull as problem:
            raise Refused(507, str(problem)) from None

        link = self.link(media_id)
        # ssl_link is on no page, but in every real reply that was seen.
        return answer(ssl_link=link, link=link, id=media_id, **fields)

    def link(self, media_id: str) -> str:
        """The address of what is stored under the id."""
        return f"{self.base_url}/{BUCKET}/{media_id}"
