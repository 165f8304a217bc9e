"""The options that commands share, and the client that they make.

The API key is never an option: every user of the machine could read it in the list of
processes. It comes from the environment or from a file that nobody else can read.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, Literal, ParamSpec, TypeVar

import click
from attrs import evolve, frozen

from .._client import TIMEOUT, AsyncPixLab
from .._errors import ConfigurationError
from .._key import ENVIRONMENT as KEY_VARIABLE
from .._key import SHORTEST_REAL_KEY, APIKey, from_environment
from .._origin import (
    ENVIRONMENT as BASE_VARIABLE,
)
from .._origin import (
    BaseURL,
)
from .._origin import (
    from_environment as base_from_environment,
)
from .._recording import Recorder
from ._attend import attend
from ._exits import Exit

if TYPE_CHECKING:
    from ..ledger import Ledger

P = ParamSpec("P")
R = TypeVar("R")

LEDGER_VARIABLE = "PIXLAB_LEDGER"

# A key has some dozens of characters. Whatever is longer is another file.
_LONGEST_KEY_FILE = 4096

NO_KEY = (
    f"No API key: set {KEY_VARIABLE}, or put it into a file and pass --key-file FILE. Keys are "
    f"made at https://console.pixlab.io; `pixlab serve` and `pixlab demo` need none."
)


@frozen
class Settings:
    """How the service is to be reached, and how results are printed.

    Attributes:
        base_url: Where the service is, or None for the environment's or the default.
        key_file: The file that holds the key, or None for the environment.
        auth: Where the key goes in a request.
        rate: Requests per minute such as "600/min", or None to learn the limit.
        timeout: Seconds of silence that are allowed, or None for the client's default.
        as_json: Whether results and errors are JSON objects.
        ledger: The file in which to record what is stored, or None.
        tag: The label of what is recorded there.
    """

    base_url: str | None
    key_file: Path | None
    auth: Literal["query", "header"]
    rate: str | None
    timeout: float | None
    as_json: bool
    ledger: Path | None = None
    tag: str = ""

    def key(self) -> APIKey | None:
        """The key, or None where there is none.

        Raises:
            ConfigurationError: What is there is no key, or others can read it.
        """
        if self.key_file is not None:
            return read_key(self.key_file)

        return from_environment()

    @property
    def names_a_service(self) -> bool:
        """Whether the user said which service to use, or with which key."""
        environment = os.environ.get(KEY_VARIABLE) or os.environ.get(BASE_VARIABLE)
        return bool(self.key_file or self.base_url or environment)

    @property
    def origin(self) -> str:
        """The service's address, without a key."""
        return self._base().origin

    def _base(self) -> BaseURL:
        return base_from_environment() if self.base_url is None else BaseURL.parse(self.base_url)

    def client(self, *, keyless: bool = False, ledger: Ledger | None = None) -> AsyncPixLab:
        """A client of the service.

        Args:
            keyless: Whether the command works without a key.
            ledger: What keeps a record of what is stored, or None.

        Raises:
            ConfigurationError: A setting cannot be used, or there is no key.
        """
        key = self.credentials(keyless=keyless)
        return self.connect(key, self.base_url, ledger)

    def credentials(self, *, keyless: bool = False) -> APIKey | None:
        """The key; None where the base URL in the environment carries it.

        Args:
            keyless: Whether there may be none.

        Raises:
            ConfigurationError: There is none, or it stands where others can read it.
        """
        given = self._base()
        if self.base_url is not None and given.key is not None:
            raise ConfigurationError(
                f"--base-url holds a key, which every user of this machine can read in the list "
                f"of processes: take it out, and set {KEY_VARIABLE} or pass --key-file."
            )

        key = self.key()
        if key is None and given.key is None and not keyless:
            raise ConfigurationError(NO_KEY)

        return key

    def connect(
        self, key: APIKey | str | None, base_url: str | None, ledger: Ledger | None = None
    ) -> AsyncPixLab:
        """A client with these options for any key and base URL; None for the environment's."""
        return AsyncPixLab(
            api_key=key,
            base_url=base_url,
            auth=self.auth,
            rate=self.rate,
            timeout=TIMEOUT if self.timeout is None else self.timeout,
            ledger=ledger or (None if self.ledger is None else _recorder(self.ledger)),
            tag=self.tag,
        )


def _recorder(path: Path) -> Recorder:
    from ..ledger import Ledger  # noqa: PLC0415 - only now is SQLite needed

    return Ledger(path)


def read_key(path: Path) -> APIKey:
    """The key in a file that only its owner can read.

    Raises:
        ConfigurationError: The file cannot be read, others can read it, or it holds no key.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LONGEST_KEY_FILE + 1)
    except OSError as error:
        if _looks_like_a_key(path):
            raise ConfigurationError(
                "There is no such key file, and its name looks like the key itself, which every "
                "user of this machine can read in the list of processes: put it into a file, and "
                "pass the file's path."
            ) from None

        raise ConfigurationError(
            f"The key file {str(path)!r} cannot be read: {error.strerror or error}."
        ) from error

    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        content = b""  # no frame of the error holds it
        raise ConfigurationError(
            f"The key file {str(path)!r} is open to other users of this machine. Run: "
            f"chmod 600 {shlex.quote(str(path))}"
        )

    if len(content) > _LONGEST_KEY_FILE:
        content = b""
        raise ConfigurationError(f"The key file {str(path)!r} is too long to hold just a key.")

    return APIKey(content.decode("utf-8-sig", errors="replace").strip())


def _looks_like_a_key(path: Path) -> bool:
    """Whether somebody gave the key where its file is asked for: it must not be quoted."""
    text = str(path)
    return len(text) >= SHORTEST_REAL_KEY and text.isalnum()


def runs(function: Callable[P, Awaitable[Exit]]) -> Callable[P, None]:
    """A click callback of a coroutine function: runs it, and exits with its code."""

    @wraps(function)
    def callback(*args: P.args, **kwargs: P.kwargs) -> None:
        raise SystemExit(attend(partial(function, *args, **kwargs)))

    return callback


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print results and errors as JSON, one per line."
)


def service_options(command: Callable[Concatenate[Settings, P], R]) -> Callable[..., R]:
    """Give a command the options of the service; it gets them as its first argument."""

    @click.option("--base-url", metavar="URL", help=f"Where the service is. [{BASE_VARIABLE}]")
    @click.option(
        "--key-file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help=f"The file with the API key. [{KEY_VARIABLE} holds the key itself]",
    )
    @click.option(
        "--auth",
        type=click.Choice(["query", "header"]),
        default="query",
        show_default=True,
        help="Where the key goes in a request.",
    )
    @click.option("--rate", metavar="RATE", help="Requests at most, such as 600/min or 10/s.")
    @click.option(
        "--timeout", metavar="SECONDS", type=float, help="Seconds of silence before giving up."
    )
    @json_option
    @wraps(command)
    def packed(
        base_url: str | None,
        key_file: Path | None,
        auth: Literal["query", "header"],
        rate: str | None,
        timeout: float | None,
        as_json: bool,
        *args: P.args,
        **own: P.kwargs,
    ) -> R:
        settings = Settings(base_url, key_file, auth, rate, timeout, as_json)
        return command(settings, *args, **own)

    return packed


def ledger_file(
    told: str, *, required: bool = False
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """The option that names a ledger; the environment may too."""
    return click.option(
        "--ledger",
        metavar="FILE",
        envvar=LEDGER_VARIABLE,
        type=click.Path(path_type=Path),
        required=required,
        help=f"{told} [{LEDGER_VARIABLE}]",
    )


def recording_options(command: Callable[Concatenate[Settings, P], R]) -> Callable[..., R]:
    """Give a command the options of a ledger; they stand in its first argument, the settings."""

    @ledger_file("Record here what is stored and deleted.")
    @click.option(
        "--tag", metavar="TEXT", default="", help="The label of what is recorded in the ledger."
    )
    @wraps(command)
    def packed(
        settings: Settings, ledger: Path | None, tag: str, *args: P.args, **own: P.kwargs
    ) -> R:
        return command(evolve(settings, ledger=ledger, tag=tag), *args, **own)

    return packed
