"""What a command ends with: the exit code, and the sentence that says how to mend it.

One table each; the codes are the interface of scripts and never change their meaning.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from .._errors import (
    AuthenticationFailed,
    BatchStopped,
    CleanupFailed,
    ConfigurationError,
    ConnectionFailed,
    NotFound,
    PixLabError,
    RateLimited,
    RecordingFailed,
    ReplyError,
    ServerFailed,
    TimedOut,
    UnreadableReply,
    UnsupportedMedia,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class Exit(IntEnum):
    """The exit codes."""

    DONE = 0
    USAGE = 1
    REFUSED = 2
    FUSE = 3
    AUTHENTICATION = 4
    TRANSIENT = 5
    DEADLINE = 6
    HANGUP = 129
    INTERRUPTED = 130
    NOBODY_READS = 141
    TERMINATED = 143


MEANINGS = {
    Exit.DONE: "done",
    Exit.USAGE: "wrong usage or configuration: nothing was done",
    Exit.REFUSED: "refused by the service, for all or for some of the items",
    Exit.FUSE: "stopped by a limit that was set, or since the list seems to be the wrong one",
    Exit.AUTHENTICATION: "the API key is missing there, blocked or not valid",
    Exit.TRANSIENT: "trouble that may pass: run it again",
    Exit.DEADLINE: "the time that was given for it is over: run it again to go on",
    Exit.HANGUP: "ended by SIGHUP, and cleaned up",
    Exit.INTERRUPTED: "ended by SIGINT (Ctrl-C), and cleaned up",
    Exit.NOBODY_READS: "the reader of standard output went away",
    Exit.TERMINATED: "ended by SIGTERM, and cleaned up",
}

# The first row that fits counts.
_CODES: tuple[tuple[type[PixLabError], Exit], ...] = (
    (ConfigurationError, Exit.USAGE),
    (AuthenticationFailed, Exit.AUTHENTICATION),
    (RateLimited, Exit.TRANSIENT),
    (ServerFailed, Exit.TRANSIENT),
    (ReplyError, Exit.REFUSED),
    (ConnectionFailed, Exit.TRANSIENT),
    (TimedOut, Exit.TRANSIENT),
    (UnreadableReply, Exit.TRANSIENT),
    (CleanupFailed, Exit.TRANSIENT),
    (RecordingFailed, Exit.TRANSIENT),
    (BatchStopped, Exit.FUSE),
)

_REASONS = {
    "deadline": Exit.DEADLINE,
    "refused": Exit.TRANSIENT,
    "unreachable": Exit.TRANSIENT,
}

_MENDS: tuple[tuple[type[PixLabError], str], ...] = (
    (
        AuthenticationFailed,
        "Check PIXLAB_API_KEY or --key-file; keys are made at https://console.pixlab.io.",
    ),
    (RateLimited, "Wait a minute and run it again, or go slower with --rate, such as 60/min."),
    (ServerFailed, "Run it again later; `pixlab status` tells how the service is."),
    (NotFound, "Check the link."),
    (UnsupportedMedia, "Pass a picture in a usual format, such as JPEG or PNG."),
    (TimedOut, "Run it again, with more patience by --timeout."),
    (ConnectionFailed, "Check the network and the base URL, then run it again."),
    (RecordingFailed, "See that its disk has room and nobody keeps it locked, then run it again."),
    (UnreadableReply, "Check that the base URL is PixLab's, then run it again."),
)


def code_of(error: PixLabError) -> Exit:
    """The exit code that an error ends a command with."""
    if isinstance(error, CleanupFailed) and isinstance(error.error, PixLabError):
        return code_of(error.error)

    if isinstance(error, ConnectionFailed) and error.permanent:
        return Exit.USAGE

    if isinstance(error, BatchStopped) and error.reason in _REASONS:
        return _REASONS[error.reason]

    return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.REFUSED)


def worst(codes: Iterable[Exit]) -> Exit:
    """One code for many items: what no second run cures goes before what one may cure."""
    return min((code for code in codes if code is not Exit.DONE), default=Exit.DONE)


def mend_of(error: PixLabError) -> str:
    """What the user can do about an error; empty where its own sentence says it."""
    if isinstance(error, CleanupFailed) and error.media is not None:
        return f"Delete it with: pixlab delete {error.media.link}"

    return next((mend for kind, mend in _MENDS if isinstance(error, kind)), "")
