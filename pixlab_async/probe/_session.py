"""A probe under way: sends one request at a time, at its pace, and notes what comes.

Whatever a reply says is stored goes onto the shelf before anything else can happen: a
request that was begun is waited for, cancelled or not, so that its link is learnt.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
from attrs import define, field

from .._bridge import DeadlineReached, sheltered
from .._client import AsyncPixLab
from .._errors import PixLabError, ReplyError
from .._judging import scrubbed
from .._key import APIKey
from .._results import JSON, Media
from .._retry import parse_retry_after
from ..transports._seam import Reply, Transport, TransportFault
from ._questions import QUESTIONS
from ._shelf import MOST, Shelf
from ._values import Observation, Skip, Stop
from ._wire import Ask, Place, Seen, read, request_for

# Seconds: limits are documented to be per minute.
_MINUTE = 60.0
# Requests without a reply after which there is no use in going on.
_FAULTS = 3


@define(eq=False, repr=False)
class Session:
    """What the steps work with.

    Attributes:
        origin: Scheme, host and any path prefix of the service.
        key: The key.
        client: A client of the same service, over the same connections.
        transport: The way to the wire.
        order: The places of the key in a GET request, the preferred one first.
        interval: Seconds from one request to the next, at least.
        timeout: Seconds that a request may take.
        shelf: What was stored.
        sent: What came of each request to the API.
        observations: The answers so far.
        fetches: How often a stored picture was fetched.
        get_place: Where the key goes in a GET request, once that is known.
        gets: Where it was taken in GET requests.
        uploads: Where it was taken in uploads, or not refused.
        blob_ignored: Whether blob=true was answered with a stored picture.
        stopping: Whether it was asked to end.
    """

    origin: str
    key: APIKey
    client: AsyncPixLab
    transport: Transport
    order: tuple[Place, Place]
    interval: float
    timeout: float
    shelf: Shelf
    sent: list[Seen] = field(factory=list[Seen])
    observations: dict[str, Observation] = field(factory=dict[str, Observation])
    fetches: int = 0
    get_place: Place | None = None
    gets: list[Place] = field(factory=list[Place])
    uploads: list[Place] = field(factory=list[Place])
    blob_ignored: bool = False
    stopping: bool = False
    _next: float = -math.inf

    # --- What steps begin with --------------------------------------------------------

    def place(self) -> Place:
        """Where the key goes in a GET request."""
        if self.get_place is None:
            raise Skip("the key was not taken in any GET request")

        return self.get_place

    def stored(self) -> Media:
        """The picture that `store` stored."""
        if not self.shelf.pictures:
            raise Skip("no picture could be stored")

        return next(iter(self.shelf.pictures.values()))

    # --- Sending ----------------------------------------------------------------------

    async def ask(self, ask: Ask) -> Seen:
        """Send one request; what came of it.

        Raises:
            Skip: It might store more than was announced.
            Stop: The probe was asked to end, is refused for its rate, or gets no replies.
        """
        if ask.blob and self.blob_ignored:
            raise Skip("blob=true is not heeded, so that each picture would be stored")

        if (ask.stores or ask.blob) and len(self.shelf.pictures) >= MOST:
            raise Skip(f"{MOST} pictures were stored already")

        await self.pause()
        with suppress(DeadlineReached):  # noted already, like whatever else came
            await sheltered(partial(self._send, ask), self.timeout)
        return self._judged(self.sent[-1])

    async def _send(self, ask: Ask) -> None:
        """Send it, and note what came before anybody can be cancelled."""
        request = request_for(ask, self.origin, self.key, self.timeout)
        started = anyio.current_time()
        fault, may_be_stored = "no whole reply in time", ask.stores
        reply: Reply | None = None
        try:
            reply = await self.transport.send(request)
        except TransportFault as broken:
            fault, may_be_stored = scrubbed(broken.message, self.key), ask.stores and broken.sent
        finally:
            number, seconds = len(self.sent) + 1, anyio.current_time() - started
            if reply is None:
                self.sent.append(Seen(number, ask, 0, {}, b"", seconds, fault=fault))
                if may_be_stored:
                    self.shelf.lost.append(f"{ask.endpoint}: {fault}; a picture may be stored")
            else:
                self._note(read(number, ask, reply, self.key, seconds))

    def _note(self, seen: Seen) -> None:
        self.sent.append(seen)
        before = len(self.shelf.pictures)
        self.shelf.take(seen)
        if seen.ask.blob and len(self.shelf.pictures) > before:
            self.blob_ignored = True

    def _judged(self, seen: Seen) -> Seen:
        if seen.limited:
            headers = seen.headers
            asked = parse_retry_after(
                headers.get("retry-after", ""), headers.get("date", ""), time.time()
            )
            # What is stored is deleted all the same, but not before it may be.
            self._next = anyio.current_time() + min(_MINUTE if asked is None else asked, _MINUTE)
            raise Stop("a request was refused for its rate: nothing more was asked", "limited")

        faults = sum(1 for each in self.sent if each.fault)
        if seen.fault and (faults >= _FAULTS or faults == len(self.sent)):
            raise Stop(f"no replies come: {seen.fault}", "trouble")

        return seen

    async def pause(self) -> None:
        """Wait for the next request's turn.

        Raises:
            Stop: The probe was asked to end.
        """
        await self.turn()
        if self.stopping:
            raise Stop("it was interrupted", "interrupted")

    async def turn(self) -> None:
        """The same for what must go although the probe ends."""
        await anyio.sleep(max(0.0, self._next - anyio.current_time()))
        self._next = anyio.current_time() + self.interval

    async def fetch(self, media: Media) -> tuple[int, bytes]:
        """Fetch a stored picture as anybody can who has its link; its HTTP status and bytes.

        Raises:
            Skip: The link cannot be fetched, or nothing answers.
        """
        await self.pause()
        self.fetches += 1
        with TemporaryDirectory(prefix="pixlab-probe-") as folder:
            path = Path(folder, "fetched")
            try:
                await self.client.download(media, path)
            except ReplyError as refused:
                return refused.status, b""
            except PixLabError as error:
                raise Skip(f"the link could not be fetched: {error.summary}") from None

            return 200, await anyio.Path(path).read_bytes()

    # --- Answering --------------------------------------------------------------------

    def answer(self, name: str, seen: JSON, *replies: Seen, note: str = "") -> None:
        """Note the answer to a question, and the replies that it is drawn from."""
        evidence = tuple(reply.evidence() for reply in replies)
        self.observations[name] = Observation(QUESTIONS[name], seen, note, evidence)

    def unseen(self, name: str, why: str, *replies: Seen) -> None:
        """Note that a question has no answer, and why."""
        self.answer(name, None, *replies, note=why)

    def outcome(self, name: str, reply: Seen) -> None:
        """Answer a question with how the reply went, if one came."""
        if reply.fault:
            self.unseen(name, "no reply came", reply)
        else:
            self.answer(name, reply.outcome(), reply)
