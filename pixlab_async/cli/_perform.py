"""Runs the method of a command, and takes its result to where the user wants it."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import cast

import anyio.to_thread
import click
from attrs import frozen

from .._client import AsyncPixLab
from .._errors import CleanupFailed
from .._results import Blob, Media, Meta
from .._shapes import DocumentScan, InlinePicture
from .._whole import check_output
from ._exits import Exit
from ._inputs import check_standard_input, value_of
from ._methods import Method, Result
from ._output import show, tell, tell_left
from ._pictures import kept, write_bytes
from ._settings import Settings
from ._shown import Told, fields_of, text_of


@frozen
class Saving:
    """What is to become of a result.

    Attributes:
        output: The file that it goes to, or None.
        temporary: Whether it is deleted once it is there.
        blob: Whether its bytes are to come instead of a link.
    """

    output: Path | None
    temporary: bool
    blob: bool

    def check(self, method: Method, *, as_json: bool) -> None:
        """See that it can be done, before anything is made.

        Raises:
            UsageError: It cannot.
            ConfigurationError: The output cannot be written.
        """
        if self.blob and self.temporary:
            raise click.UsageError("--temporary has nothing to delete: --blob stores nothing.")

        if self.output is not None:
            check_output(self.output)
        elif self.temporary:
            raise click.UsageError("--temporary needs --output: else nobody would see the picture.")
        elif self.blob and as_json:
            raise click.UsageError("--blob with --json needs --output: JSON holds no bytes.")
        elif (self.blob or method.result is Result.INLINE) and not as_json and sys.stdout.isatty():
            raise click.UsageError("Pass --output: the picture's bytes are nothing for a terminal.")


async def perform(
    settings: Settings, method: Method, given: Mapping[str, object], saving: Saving
) -> Exit:
    """Call the method with what was given, and show or save what it returns."""
    saving.check(method, as_json=settings.as_json)
    written = {each: given[each.name] for each in method.parameters if given[each.name] is not None}
    check_standard_input(written)
    async with settings.client() as client:
        values = {each.name: await value_of(each, value) for each, value in written.items()}
        call: Callable[..., Awaitable[Told]]
        call = getattr(client.blob if saving.blob else client, method.name)
        if method.result is not Result.STORED or saving.blob:
            return await _show(client, await call(**values), saving, as_json=settings.as_json)

        making = cast("Awaitable[Media]", call(**values))
        if saving.temporary:
            media = await _lend(client, making, saving)
            _show_kept(media, saving, as_json=settings.as_json)
        else:
            async with kept(client, making) as media:
                tell_left(media.meta)
                await _save(client, media, saving)
                _show_kept(media, saving, as_json=settings.as_json)

    return Exit.DONE


async def _lend(client: AsyncPixLab, making: Awaitable[Media], saving: Saving) -> Media:
    """Save a picture that is made and deleted again."""
    facts = Meta()
    try:
        async with client.temporary(making) as media:
            facts = media.meta
            await _save(client, media, saving)
    except CleanupFailed:
        tell_left(facts)  # the error names the picture alone
        raise

    return media


async def _save(client: AsyncPixLab, media: Media, saving: Saving) -> None:
    if saving.output is not None:
        await client.download(media, saving.output)


def _show_kept(media: Media, saving: Saving, *, as_json: bool) -> None:
    lines = text_of(media).splitlines()
    if saving.temporary:
        del lines[0]  # its link
    fields = fields_of(media)
    if saving.output is not None:
        lines.append(f"Saved as {saving.output}")
        if saving.temporary:
            fields["left_stored"] = []  # deleted too
    fields["file"] = None if saving.output is None else str(saving.output)
    fields["deleted"] = saving.temporary
    show("\n".join(lines), fields, as_json=as_json)


async def _show(client: AsyncPixLab, result: Told, saving: Saving, *, as_json: bool) -> Exit:
    """Show a result that is not stored, and save the picture that it has."""
    tell_left(result.meta)
    content, link = _picture_in(result)
    fields = fields_of(result)
    if isinstance(result, Blob | InlinePicture | DocumentScan):
        fields["file"] = None
    if saving.output is None:
        if content is None or as_json or isinstance(result, DocumentScan):
            show(text_of(result), fields, as_json=as_json)
        else:
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        return Exit.DONE

    saved = content is not None or link is not None
    if content is not None:
        await anyio.to_thread.run_sync(write_bytes, saving.output, content)
    elif link is not None:
        await client.download(link, saving.output)
    lines = [text_of(result)]
    if saved:
        lines.append(f"Saved as {saving.output}")
        fields["file"] = str(saving.output)
    show("\n".join(filter(None, lines)), fields, as_json=as_json)
    if not saved:
        tell(f"pixlab: the reply has no picture: {saving.output} was not written.")
    return Exit.DONE if saved else Exit.REFUSED


def _picture_in(result: Told) -> tuple[bytes | None, str | None]:
    """The bytes or the address of the picture that a result holds, where it does."""
    match result:
        case Blob():
            return result.content, None
        case InlinePicture():
            return result.content, result.link
        case DocumentScan():
            return result.face, result.face_url
        case _:
            return None, None
