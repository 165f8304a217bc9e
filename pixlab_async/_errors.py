"""What can go wrong, as one tree of the decisions a caller can take.

    PixLabError
    ├── ConfigurationError     the calling program must change; nothing was sent
    ├── ConnectionFailed       no reply, or a broken one: the network or the host
    ├── TimedOut               no reply in time: queue, connect, write, read, deadline
    ├── ReplyError             the service answered, and said no
    │   ├── BadRequest             400
    │   ├── AuthenticationFailed   401
    │   ├── NotFound               404
    │   ├── MethodNotAllowed       405
    │   ├── UnsupportedMedia       415
    │   ├── RateLimited            429, with ``retry_after``
    │   └── ServerFailed           500 and above
    ├── UnreadableReply        an answer that is not what the endpoint promises
    ├── CleanupFailed          a picture may still be stored; carries its media
    ├── BatchStopped           a batch ended before its list did; says why
    ├── BatchIncomplete        a batch came to its end, and some links are not gone
    └── RecordingFailed        a ledger or journal cannot be written; nothing is lost yet

Errors hold plain data, so they pickle and copy. None holds a request, a URL with
parameters or the API key. This module knows nothing of HTTP libraries or of I/O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ._bulk import BatchSummary
    from ._results import Media

Phase = Literal["queue", "connect", "write", "read", "deadline"]
StopReason = Literal[
    "max_deletes",
    "failures",
    "nothing_found",
    "all_rejected",
    "deadline",
    "refused",
    "unreachable",
]


class PixLabError(Exception):
    """Base of every error that this package raises on purpose.

    Attributes:
        message: What happened, in a sentence.
        endpoint: The endpoint that was called, or None outside a call.
        attempts: How many times the call was sent or tried to be sent.
        elapsed: Seconds since the call began, waiting included.
        history: One sentence for each attempt that failed, oldest first.
        maybe_processed: Whether the service may have acted on one of the attempts.
        batch: Where the error ended a batch, what had become of its links; else None.
    """

    def __init__(self, message: str = "", *, endpoint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.endpoint = endpoint
        self.attempts = 0
        self.elapsed = 0.0
        self.history: tuple[str, ...] = ()
        self.maybe_processed = False
        self.batch: BatchSummary | None = None

    @property
    def summary(self) -> str:
        """The error's own sentence, without endpoint and counts."""
        return self.message

    def __str__(self) -> str:
        head = f"{self.endpoint}: " if self.endpoint else ""
        if self.attempts == 0:
            return head + self.summary

        plural = "" if self.attempts == 1 else "s"
        return f"{head}{self.summary} ({self.attempts} attempt{plural}, {self.elapsed:.2f} s)"


class ConfigurationError(PixLabError, ValueError):
    """The program asks for something that cannot be sent; the message says the mend.

    Raised before anything is sent: a missing or malformed key, a bad argument, a
    client that is closed or belongs to another event loop, an unreadable source.
    """


class ConnectionFailed(PixLabError):
    """The host could not be reached, or the connection broke before the reply was whole.

    Attributes:
        sent: Whether the service may have acted on the call. False is certain; True
            means that it is not known.
        permanent: Whether repeating cannot help, as with a bad certificate.
    """

    def __init__(
        self,
        message: str = "",
        *,
        endpoint: str | None = None,
        sent: bool = False,
        permanent: bool = False,
    ) -> None:
        super().__init__(message, endpoint=endpoint)
        self.sent = sent
        self.permanent = permanent


class TimedOut(PixLabError):
    """The call did not end in time.

    Attributes:
        phase: What was waited for: "queue" (a free connection or the rate limit),
            "connect", "write", "read", or "deadline" (the whole call's limit).
        sent: Whether the service may have acted on the call.
    """

    def __init__(
        self,
        message: str = "",
        *,
        endpoint: str | None = None,
        phase: Phase = "deadline",
        sent: bool = False,
    ) -> None:
        super().__init__(message, endpoint=endpoint)
        self.phase: Phase = phase
        self.sent = sent


class ReplyError(PixLabError):
    """The service answered with an error.

    Attributes:
        status: The status that counts: the body's, unless only HTTP reports a failure.
        http_status: The status of the HTTP reply.
        retry_after: Seconds to wait as the service asked for, or None.
    """

    def __init__(
        self,
        message: str = "",
        *,
        endpoint: str | None = None,
        status: int = 0,
        http_status: int = 0,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, endpoint=endpoint)
        self.status = status
        self.http_status = http_status
        self.retry_after = retry_after

    @property
    def summary(self) -> str:
        """Status and message, and both statuses where they differ."""
        http = "" if self.http_status == self.status else f" (HTTP {self.http_status})"
        return f"{self.status}{http} {self.message}"


class BadRequest(ReplyError):
    """400: a parameter is missing or not acceptable."""


class AuthenticationFailed(ReplyError):
    """401: the API key is missing, blocked or not valid."""


class NotFound(ReplyError):
    """404: what the call names (a stored picture, a source's URL) is not there."""


class MethodNotAllowed(ReplyError):
    """405: the endpoint does not take this HTTP method."""


class UnsupportedMedia(ReplyError):
    """415: the endpoint does not take this kind of file."""


class RateLimited(ReplyError):
    """429: the requests per minute of this machine's address are used up.

    ``retry_after`` holds the seconds that the service asked for, where it did.
    """


class ServerFailed(ReplyError):
    """500 and above: trouble on the service's side, or in front of it."""


class UnreadableReply(PixLabError):
    """The answer is not what the endpoint promises: no JSON, too long, a field missing.

    Attributes:
        http_status: The status of the HTTP reply.
        field: The field that is missing or has the wrong type, or None.
    """

    def __init__(
        self,
        message: str = "",
        *,
        endpoint: str | None = None,
        http_status: int = 0,
        field: str | None = None,
    ) -> None:
        super().__init__(message, endpoint=endpoint)
        self.http_status = http_status
        self.field = field


class CleanupFailed(PixLabError):
    """A temporary picture could not be confirmed as deleted: it may still be stored.

    Attributes:
        media: The picture; delete it later with ``pixlab.delete(error.media)``.
        error: What the deletion failed with; None where it took too long.
    """

    def __init__(
        self,
        message: str = "",
        *,
        endpoint: str | None = None,
        media: Media | None = None,
        error: Exception | None = None,
    ) -> None:
        super().__init__(message, endpoint=endpoint)
        self.media = media
        self.error = error


class BatchStopped(PixLabError):
    """A batch took no further link; what was under way has ended, and has its outcomes.

    Attributes:
        reason: "max_deletes" or "failures" (a limit that the caller set), "deadline",
            "nothing_found" (the first links are all gone, so it may be the wrong list or
            account), "all_rejected" (the service refuses one link after the other),
            "unreachable" (it could not be reached, or failed, for ten minutes) or "refused"
            (a job met nothing but 429 for minutes).
    """

    def __init__(
        self,
        message: str = "",
        *,
        endpoint: str | None = "delete",
        reason: StopReason = "failures",
    ) -> None:
        super().__init__(message, endpoint=endpoint)
        self.reason: StopReason = reason


class BatchIncomplete(PixLabError):
    """Some links of a batch may still be stored; ``batch`` counts them by state."""


class RecordingFailed(PixLabError):
    """A ledger or journal could not be written: the disk is full, or the file is locked.

    What was to be written stays in memory and is tried again while the program runs.
    """


_BY_STATUS: dict[int, type[ReplyError]] = {
    400: BadRequest,
    401: AuthenticationFailed,
    404: NotFound,
    405: MethodNotAllowed,
    415: UnsupportedMedia,
    429: RateLimited,
}


def error_class(status: int) -> type[ReplyError]:
    """The class of error that a status stands for; ReplyError where none fits."""
    if status >= 500:
        return ServerFailed

    return _BY_STATUS.get(status, ReplyError)


def was_sent(error: PixLabError) -> bool:
    """Whether the service may have acted on the attempt that ended with this error.

    A 5xx or an unreadable answer leaves that open; any other answer is a refusal.
    """
    if isinstance(error, ConnectionFailed | TimedOut):
        return error.sent

    return isinstance(error, ServerFailed | UnreadableReply)
