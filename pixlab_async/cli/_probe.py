"""``pixlab probe``: asks the service what its pages do not say, and writes down what it saw."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from attrs import define, field

from .._client import TIMEOUT
from .._errors import ConfigurationError
from .._key import APIKey
from .._origin import BaseURL
from .._results import JSON
from .._whole import check_output
from ..probe import STEPS, Ending, Probe, Step, compare, interval_of, load, write
from ._attend import Gently, attend
from ._exits import Exit
from ._extras import extras
from ._output import show, tell
from ._probe_words import differences, plan, plan_fields, summary
from ._settings import Settings, service_options

_OUTPUT = "pixlab-probe.json"
_FILE = click.Path(path_type=Path)
_CODES = {
    "": Exit.DONE,
    "interrupted": Exit.INTERRUPTED,  # or the signal's own code
    "limited": Exit.TRANSIENT,
    "refused": Exit.AUTHENTICATION,
    "trouble": Exit.TRANSIENT,
}


@click.command(short_help="Ask the service what its pages do not say, and write down what it does.")
@click.argument("files", metavar="[FILE [FILE2]]", nargs=-1, type=_FILE)
@click.option(
    "-o",
    "--output",
    type=_FILE,
    default=_OUTPUT,
    show_default=True,
    help="Where to write what was seen: a new file.",
)
@click.option("--yes", is_flag=True, help="Do not ask before anything is sent.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option(
    "--emulator",
    "emulated",
    is_flag=True,
    help="Probe an emulator within this process: nothing leaves this machine.",
)
@click.option("--show-links", is_flag=True, help="Write links whole, instead of masked.")
@click.option(
    "--compare",
    "comparing",
    is_flag=True,
    help="Send nothing: say where FILE differs from FILE2, or from what is known.",
)
@service_options
def probe(
    settings: Settings,
    *,
    files: tuple[Path, ...],
    output: Path,
    yes: bool,
    dry_run: bool,
    emulated: bool,
    show_links: bool,
    comparing: bool,
) -> None:
    """Ask the service what its pages do not say, and write down what it does.

    Some thirty requests, one after the other, at most one a second, which count for your quota and
    your bill. Two small pictures are stored and deleted again. Before anything is sent it
    says what will be, and asks.

    With --compare FILE, nothing is sent: what an earlier probe wrote is held against what is
    known of the service, or against FILE2.
    """
    if comparing:
        raise SystemExit(_compare(files, as_json=settings.as_json))

    if files:
        raise click.UsageError("FILE goes with --compare; where to write to is --output.")

    if emulated:
        _check(output)
        own = _Work(settings, output, show_links=show_links)
        raise SystemExit(attend(own.emulated, Gently(own.stop, own.patience)))

    origin = _origin(settings)
    interval = interval_of(origin, settings.rate)
    if dry_run:
        told = "\n".join(plan(origin, interval))
        show(told, plan_fields(origin, interval), as_json=settings.as_json)
        return

    _check(output)
    work = _Work(settings, output, show_links=show_links)
    work.prepare(settings.credentials(), settings.base_url)
    for line in plan(origin, interval):
        tell(line)
    if not yes and not _agreed():
        tell("pixlab: nothing was sent. --dry-run only says what would be.")
        raise SystemExit(Exit.USAGE)

    raise SystemExit(attend(work, Gently(work.stop, work.patience)))


def _origin(settings: Settings) -> str:
    base = settings.base_url
    return settings.origin if base is None else BaseURL.parse(base).require()


def _check(output: Path) -> None:
    """See that the file can be written, before anything is paid for."""
    check_output(output)
    if output.exists():
        raise ConfigurationError(
            f"The output {str(output)!r} is there already: name another with --output, or move "
            f"it away."
        )


def _agreed() -> bool:
    """Whether a person says that it may begin."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("Nobody can be asked here whether to begin: pass --yes.")

    return click.confirm("Begin?", err=True)


@define(eq=False)
class _Work:
    """A probe, and what comes of it."""

    settings: Settings
    output: Path
    show_links: bool = field(kw_only=True)
    probe: Probe | None = None
    step: int = 0

    def prepare(self, key: APIKey | str | None, base_url: str | None) -> None:
        """See that a probe can be made, with everything that it needs."""
        self.probe = Probe(
            api_key=key,
            base_url=base_url,
            auth=self.settings.auth,
            rate=self.settings.rate,
            timeout=self.patience,
            tell=self._tell,
        )

    @property
    def patience(self) -> float:
        """Seconds that one request may take."""
        return TIMEOUT if self.settings.timeout is None else self.settings.timeout

    def stop(self) -> None:
        """End after the request that is under way."""
        tell("pixlab: stopping: what is stored is deleted first. The same again hurries.")
        if self.probe is None:
            return

        # For whoever has no patience: a third signal ends it at once.
        for media in self.probe.ending().left:
            tell(f"pixlab: stored now: {media.link}")
        self.probe.stop()

    async def emulated(self) -> Exit:
        """Run it on an emulator of its own; the exit code."""
        with extras():
            from ..emulator import Emulator  # noqa: PLC0415 - heavy, and needs an extra

        async with Emulator() as emulator:
            self.prepare(emulator.api_key, emulator.base_url)
            return await self()

    async def __call__(self) -> Exit:
        """Run it; the exit code."""
        probe = self.probe
        assert probe is not None  # it is prepared
        try:
            await probe.run()
        finally:
            told = probe.document(show_links=self.show_links)
            ending = probe.ending()
            _tell_left(ending)
            write(self.output, told)
        _report(told, ending, self.output, as_json=self.settings.as_json)
        code = _CODES[ending.kind]
        return Exit.TRANSIENT if code is Exit.DONE and not ending.clean else code

    def _tell(self, step: Step) -> None:
        self.step += 1
        if not self.settings.as_json:
            tell(f"[{self.step:>2}/{len(STEPS)}] {step.name}: {step.tells}")


def _report(told: dict[str, JSON], ending: Ending, output: Path, *, as_json: bool) -> None:
    show("\n".join(summary(told)), told, as_json=as_json)
    if ending.reason:
        tell(f"pixlab: the probe did not come to its end: {ending.reason}.")
    tell(f"pixlab: written to {output}.")


def _tell_left(ending: Ending) -> None:
    """Print what may still be stored, whole: it is to be deleted by hand."""
    for media in ending.left:
        tell(f"pixlab: a picture may still be stored. Delete it with: pixlab delete {media.link}")
    for sentence in ending.lost:
        tell(f"pixlab: {sentence}, and its link is not known.")


def _compare(files: tuple[Path, ...], *, as_json: bool) -> Exit:
    if not 1 <= len(files) <= 2:
        raise click.UsageError("--compare takes one FILE or two.")

    left = load(files[0])
    right = load(files[1]) if len(files) == 2 else None
    found = compare(left, right)
    if as_json:
        for each in found:
            show("", each.fields(), as_json=True)
    else:
        names = (files[0].name, files[1].name if right is not None else None)
        show("\n".join(differences(found, names)), {}, as_json=False)
    return Exit.DONE
