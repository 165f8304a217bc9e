"""Storing, copying and deleting; see tests/test_endpoints.py for what goes wrong with these."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixlab_async import AsyncPixLab, ConfigurationError, DeletionState, NotFound
from pixlab_async.emulator import Emulator


async def test_store_keeps_the_bytes(pixlab: AsyncPixLab, tmp_path: Path, picture: bytes) -> None:
    media = await pixlab.store(picture, comment="Ünï & more")

    fetched = await pixlab.download(media, tmp_path / "copy.png")

    assert fetched.read_bytes() == picture


async def test_store_sends_a_files_name(
    pixlab: AsyncPixLab, emulator: Emulator, tmp_path: Path, picture: bytes
) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(picture)

    await pixlab.store(path)

    assert (emulator.received[-1].filename, emulator.received[-1].params) == ("cat.png", {})


async def test_copy_keeps_another_one(
    pixlab: AsyncPixLab, emulator: Emulator, tmp_path: Path, picture: bytes
) -> None:
    media = await pixlab.store(picture)

    copied = await pixlab.copy(media)

    assert emulator.stored() == [media.link, copied.link]
    assert (await pixlab.download(copied, tmp_path / "copy.png")).read_bytes() == picture


async def test_copy_sends_the_link_as_the_vendors_programs_do(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    media = await pixlab.store(picture)

    await pixlab.copy(media.link)

    assert emulator.received[-1].params == {"img": media.link}


async def test_copy_takes_an_id(pixlab: AsyncPixLab, emulator: Emulator, picture: bytes) -> None:
    media = await pixlab.store(picture)

    await pixlab.copy(media.id)

    assert len(emulator.stored()) == 2


async def test_copy_of_nothing_is_an_error(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    with pytest.raises(NotFound):
        await pixlab.copy(f"{emulator.base_url}/media.pixlab.xyz/1p62f73c9583ec6.png")


async def test_copy_uploads_nothing(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    with pytest.raises(ConfigurationError, match="must be a str"):
        await pixlab.copy(picture)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

    assert not emulator.received


async def test_delete_removes_a_copy_and_leaves_the_original(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    media = await pixlab.store(picture)
    copied = await pixlab.copy(media)

    gone = await pixlab.delete(copied)

    assert (gone.id, gone.state) == (copied.id, DeletionState.DELETED)
    assert emulator.stored() == [media.link]
