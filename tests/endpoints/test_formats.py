"""Endpoints that change how a picture is written."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from pixlab_async import AsyncPixLab

from .images import camera, grid, opened, written

ORIENTATION, X_RESOLUTION, MAKER = 0x0112, 0x011A, 0x010F
SOURCE = grid(6, 4)
NOISE = Image.effect_noise((40, 30), 90).convert("RGB")


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
async def test_a_lower_quality_makes_a_smaller_file(pixlab: AsyncPixLab, kind: str) -> None:
    source = written(NOISE, kind, quality=95)
    low = await pixlab.blob.compress(source, 10)
    high = await pixlab.blob.compress(source, 90)
    assert len(low.content) < len(high.content)
    assert opened(low.content).format == kind
    assert opened(low.content).size == NOISE.size


async def test_a_png_is_compressed_to_fewer_colours(pixlab: AsyncPixLab) -> None:
    source = written(grid(25, 25))
    image = opened((await pixlab.blob.compress(source, 10)).content)
    assert image.format == "PNG"
    assert len(image.convert("RGB").getcolors() or ()) <= 26


async def test_a_png_at_full_quality_keeps_every_pixel(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.compress(written(NOISE), 100)).content)
    assert image.tobytes() == NOISE.tobytes()


async def test_a_compressed_png_keeps_its_transparency(pixlab: AsyncPixLab) -> None:
    source = grid(8, 8).convert("RGBA")
    source.paste((0, 0, 0, 0), (0, 0, 4, 8))
    image = opened((await pixlab.blob.compress(written(source), 20)).content).convert("RGBA")
    assert image.getchannel("A").tobytes() == source.getchannel("A").tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
async def test_strip_drops_metadata(pixlab: AsyncPixLab, kind: str) -> None:
    options = {"exif": camera(), "icc_profile": b"profile", "dpi": (99, 99)}
    image = opened((await pixlab.blob.strip(written(SOURCE, kind, **options))).content)
    assert MAKER not in image.getexif()
    assert not {"exif", "icc_profile"} & image.info.keys()
    assert image.info.get("dpi") != (99, 99)


async def test_strip_drops_comments(pixlab: AsyncPixLab) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "by me")
    image = opened((await pixlab.blob.strip(written(SOURCE, pnginfo=texts))).content)
    assert "Comment" not in image.info

    source = written(SOURCE, "JPEG", comment="by me")
    assert "comment" not in opened((await pixlab.blob.strip(source)).content).info


async def test_strip_keeps_the_pixels_and_what_is_transparent(pixlab: AsyncPixLab) -> None:
    source = SOURCE.quantize(8)
    content = written(source, transparency=3, icc_profile=b"profile")
    image = opened((await pixlab.blob.strip(content)).content)
    assert image.convert("RGBA").tobytes() == opened(content).convert("RGBA").tobytes()


async def test_strip_writes_a_jpeg_in_its_own_quality(pixlab: AsyncPixLab) -> None:
    source = written(NOISE, "JPEG", quality=37, subsampling=0)
    image: Any = opened((await pixlab.blob.strip(source)).content)
    before: Any = opened(source)
    assert image.quantization == before.quantization


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 6, 8])
async def test_setorientation_sets_the_tag_and_keeps_the_others(
    pixlab: AsyncPixLab, kind: str, orientation: Any
) -> None:
    source = written(SOURCE, kind, exif=camera())
    image = opened((await pixlab.blob.setorientation(source, orientation)).content)
    assert image.getexif()[ORIENTATION] == orientation
    assert image.getexif()[MAKER] == "A camera"


async def test_setorientation_leaves_the_pixels_alone(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.setorientation(written(SOURCE), 6)).content)
    assert image.tobytes() == SOURCE.tobytes()


async def test_setorientation_of_a_tiff_shows_it_turned(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.setorientation(written(SOURCE, "TIFF"), 3)).content)
    # Pillow turns it as it reads.
    assert image.tobytes() == SOURCE.rotate(180).tobytes()


async def test_setorientation_changes_nothing_where_there_is_no_tag(pixlab: AsyncPixLab) -> None:
    image = opened((await pixlab.blob.setorientation(written(SOURCE, "BMP"), 6)).content)
    assert image.tobytes() == SOURCE.tobytes()


@pytest.mark.parametrize("kind", ["BMP", "JPEG", "PNG", "TIFF"])
async def test_setresolution_sets_dots_per_inch(pixlab: AsyncPixLab, kind: str) -> None:
    image = opened((await pixlab.blob.setresolution(written(SOURCE, kind), 100, 150)).content)
    assert [round(value) for value in image.info["dpi"]] == [100, 150]
    assert image.size == SOURCE.size


async def test_setresolution_keeps_exif_and_sets_it_there_too(pixlab: AsyncPixLab) -> None:
    data = camera()
    data[X_RESOLUTION] = 300.0
    source = written(SOURCE, "JPEG", exif=data)
    image = opened((await pixlab.blob.setresolution(source, 100, 150)).content)
    assert image.getexif()[MAKER] == "A camera"
    assert image.getexif()[X_RESOLUTION] == 100


async def test_setopt_sets_a_quality(pixlab: AsyncPixLab) -> None:
    source = written(NOISE, "JPEG", quality=95)
    low = await pixlab.blob.setopt(source, "quality", "5")
    assert len(low.content) < len(source) / 2


async def test_setopt_sets_an_option_of_one_format(pixlab: AsyncPixLab) -> None:
    result = await pixlab.blob.setopt(written(NOISE), "png:compression-level", "0")
    assert len(result.content) > NOISE.width * NOISE.height * 3
    assert opened(result.content).tobytes() == NOISE.tobytes()


@pytest.mark.parametrize(
    ("name", "value"), [("no-such", "1"), ("png:compression-level", "12"), ("quality", "high")]
)
async def test_setopt_leaves_a_picture_as_it_is_by_other_options(
    pixlab: AsyncPixLab, name: str, value: str
) -> None:
    image = opened((await pixlab.blob.setopt(written(NOISE), name, value)).content)
    assert image.tobytes() == NOISE.tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "I;16"])
async def test_decrypt_restores_what_encrypt_scrambled(pixlab: AsyncPixLab, mode: str) -> None:
    source = NOISE.convert("L").convert("I;16") if mode == "I;16" else NOISE.convert(mode)
    if mode in ("LA", "RGBA"):
        source.putalpha(NOISE.getchannel("R"))

    secret = await pixlab.blob.encrypt(written(source), "open sesame")
    plain = opened((await pixlab.blob.decrypt(secret.content, "open sesame")).content)

    expected = source.convert("L") if mode == "1" else source
    assert (plain.mode, plain.size) == (expected.mode, expected.size)
    assert plain.tobytes() == expected.tobytes()


async def test_decrypt_restores_the_colours_of_a_palette(pixlab: AsyncPixLab) -> None:
    source = NOISE.quantize(16)
    secret = await pixlab.blob.encrypt(written(source, transparency=2), "key")
    plain = opened((await pixlab.blob.decrypt(secret.content, "key")).content)
    expected = opened(written(source, transparency=2)).convert("RGBA")
    assert plain.tobytes() == expected.tobytes()


async def test_an_encrypted_picture_is_noise_of_the_same_size(pixlab: AsyncPixLab) -> None:
    source = Image.new("L", (60, 40), 100)
    image = opened((await pixlab.blob.encrypt(written(source), "key")).content)
    assert image.size == source.size
    assert len(set(image.tobytes())) > 200


async def test_another_passphrase_restores_nothing(pixlab: AsyncPixLab) -> None:
    source = Image.new("L", (60, 40), 100)
    secret = await pixlab.blob.encrypt(written(source), "key")
    image = opened((await pixlab.blob.decrypt(secret.content, "kex")).content)
    assert len(set(image.tobytes())) > 200


async def test_encrypting_twice_does_not_decrypt(pixlab: AsyncPixLab) -> None:
    secret = await pixlab.blob.encrypt(written(SOURCE), "key")
    again = await pixlab.blob.encrypt(secret.content, "key")
    assert opened(again.content).tobytes() != SOURCE.tobytes()


async def test_a_jpeg_is_encrypted_as_a_png_without_metadata(pixlab: AsyncPixLab) -> None:
    source = written(NOISE, "JPEG", exif=camera())
    secret = await pixlab.blob.encrypt(source, "key")
    plain = await pixlab.blob.decrypt(secret.content, "key")
    assert secret.media_type == "image/png"
    assert not opened(secret.content).getexif()
    assert opened(plain.content).tobytes() == opened(source).tobytes()
