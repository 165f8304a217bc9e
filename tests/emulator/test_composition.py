"""Pictures put together, compared, made of nothing, blurred in parts, turned to a format."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from .calling import Calls, colour_at, opened

RED = (255, 0, 0)
BLACK = (0, 0, 0)
WHITE = (255, 255, 255)


def jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return buffer.getvalue()


# --- merge ----------------------------------------------------------------------------------


def test_pictures_are_laid_at_their_offsets(calls: Calls, black: str) -> None:
    red = calls.stored(Image.new("RGB", (10, 10), "red"))
    cord = [{"img": red, "x": 0, "y": 0}, {"img": red, "x": 40, "y": 30}]

    image = calls.linked(calls.post("merge", src=black, cord=cord))

    assert image.size == (100, 60)
    assert image.convert("L").getbbox() == (0, 0, 50, 40)
    assert colour_at(image, 45, 35) == RED
    assert colour_at(image, 20, 20) == BLACK


def test_pictures_are_laid_with_their_middle_at_an_offset(calls: Calls, black: str) -> None:
    red = calls.stored(Image.new("RGB", (10, 20), "red"))
    cord = [{"img": red, "x": 50, "y": 30, "center": True, "center_y": True}]

    image = opened(calls.post("merge", src=black, cord=cord, blob=True))

    assert image.convert("L").getbbox() == (45, 20, 55, 40)


@pytest.mark.parametrize(("x", "y"), [(-5, -5), (1000, 0), (-1000, 0)])
def test_what_lies_outside_is_cut_off(calls: Calls, black: str, x: int, y: int) -> None:
    red = calls.stored(Image.new("RGB", (10, 10), "red"))

    image = opened(calls.post("merge", src=black, cord=[{"img": red, "x": x, "y": y}], blob=1))

    assert image.convert("L").getbbox() == ((0, 0, 5, 5) if x == -5 else None)


def test_what_can_be_seen_through_shows_what_is_below(calls: Calls, black: str) -> None:
    veil = calls.stored(Image.new("RGBA", (100, 60), (255, 0, 0, 128)))

    image = opened(calls.post("merge", src=black, cord=[{"img": veil, "x": 0, "y": 0}], blob=1))

    assert colour_at(image, 5, 5) == (128, 0, 0)


def test_a_ground_with_holes_keeps_them(calls: Calls) -> None:
    ground = calls.stored(Image.new("RGBA", (20, 20)))
    red = calls.stored(Image.new("RGB", (10, 10), "red"))

    image = opened(calls.post("merge", src=ground, cord=[{"img": red, "x": 0, "y": 0}], blob=1))

    assert image.convert("RGBA").getchannel("A").getbbox() == (0, 0, 10, 10)


# --- mogrify --------------------------------------------------------------------------------


def halves() -> Image.Image:
    """Black left, white right."""
    image = Image.new("RGB", (100, 60))
    image.paste(WHITE, (50, 0, 100, 60))
    return image


def test_rectangles_are_blurred_and_nothing_else(calls: Calls) -> None:
    link = calls.stored(halves())
    faces = [{"face_id": 1, "left": 30, "top": 10, "width": 40, "height": 20}]

    image = opened(calls.post("mogrify", img=link, cord=faces, blob=True))

    assert colour_at(image, 49, 20) not in (BLACK, WHITE)
    assert (colour_at(image, 49, 5), colour_at(image, 51, 50)) == (BLACK, WHITE)


def test_a_larger_sigma_blurs_more(calls: Calls) -> None:
    link = calls.stored(halves())
    cord = [{"x": 0, "y": 0, "width": 100, "height": 60}]

    greys = [
        colour_at(opened(calls.post("mogrify", img=link, cord=cord, sigma=s, blob=1)), 40, 30)[0]
        for s in (1, 20)
    ]

    assert greys[0] == 0
    assert greys[1] > 20


def test_a_rectangle_outside_blurs_nothing(calls: Calls) -> None:
    link = calls.stored(halves())

    image = opened(
        calls.post("mogrify", img=link, cord=[{"x": 500, "y": 0, "width": 9, "height": 9}], blob=1)
    )

    assert image.tobytes() == halves().tobytes()


# --- newimage, pixelgenerate, imgdiff ---------------------------------------------------------


def test_a_new_picture_is_a_gray_square_png(calls: Calls) -> None:
    reply = calls.get("newimage", width=30)

    image = calls.linked(reply)
    assert (image.size, image.format) == ((30, 30), "PNG")
    assert colour_at(image, 3, 3) == (128, 128, 128)


@pytest.mark.parametrize("colour", ["tr", "transparent", "none", "TR"])
def test_a_new_picture_may_be_transparent(calls: Calls, colour: str) -> None:
    image = opened(calls.get("newimage", width=3, height=2, color=colour, blob=1))

    assert image.convert("RGBA").getchannel("A").getextrema() == (0, 0)


def test_a_new_picture_has_the_format_that_is_asked_for(calls: Calls) -> None:
    reply = calls.get("newimage", width=3, height=2, color="tr", export="jpeg", blob=1)

    assert reply.headers["content-type"] == "image/jpeg"
    assert colour_at(opened(reply), 0, 0) == WHITE


def test_an_empty_picture_is_refused(calls: Calls) -> None:
    assert calls.get("newimage", width=0).status_code == 400


def test_random_pixels_are_not_the_same_twice(calls: Calls) -> None:
    first, second = (opened(calls.get("pixelgenerate", width=20, height=10, blob=1)) for _ in "ab")

    assert first.size == second.size == (20, 10)
    assert first.tobytes() != second.tobytes()


def test_pictures_that_are_the_same_do_not_differ(calls: Calls, black: str) -> None:
    reply = calls.get("imgdiff", src=black, target=black)

    assert reply.json()["diff"] == 0
    assert calls.linked(reply).convert("L").getbbox() is None


def test_a_difference_is_the_mean_square_of_all_channels(calls: Calls, black: str) -> None:
    other = Image.new("RGB", (100, 60))
    other.paste("red", (0, 0, 50, 60))

    reply = calls.get("imgdiff", src=black, target=calls.stored(other))

    assert reply.json()["diff"] == pytest.approx(1 / 6)
    assert calls.linked(reply).convert("L").getbbox() == (0, 0, 50, 60)


def test_a_difference_may_lie_in_what_is_seen_through(calls: Calls, black: str) -> None:
    other = calls.stored(Image.new("RGBA", (100, 60)))

    assert calls.get("imgdiff", src=black, target=other).json()["diff"] == pytest.approx(1 / 4)


def test_pictures_of_different_sizes_are_not_compared(calls: Calls, black: str) -> None:
    other = calls.stored(Image.new("RGB", (99, 60)))

    reply = calls.get("imgdiff", src=black, target=other)

    assert reply.status_code == 400
    assert "same size" in reply.json()["error"]


# --- convert, and formats that do not hold every picture --------------------------------------


@pytest.mark.parametrize(
    ("export", "expected"), [("jpg", "JPEG"), ("Tiff", "TIFF"), ("bmp", "BMP"), ("webp", "WEBP")]
)
def test_a_picture_is_written_in_another_format(
    calls: Calls, black: str, export: str, expected: str
) -> None:
    image = calls.linked(calls.get("convert", img=black, export=export))

    assert (image.format, image.size) == (expected, (100, 60))


def test_every_format_that_is_listed_is_written(calls: Calls) -> None:
    link = calls.stored(Image.new("RGBA", (64, 64), "red"))
    listed = calls.get("extension").json()["extensions"]

    statuses = {
        kind: calls.get("convert", img=link, export=kind, blob=1).status_code for kind in listed
    }

    assert len(listed) > 15
    assert set(statuses.values()) == {200}, statuses


def test_a_picture_becomes_a_page(calls: Calls, black: str) -> None:
    reply = calls.get("convert", img=black, export="pdf", blob=1)

    assert reply.content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("background", "expected"), [(None, WHITE), ("red", RED), ("tr", WHITE), ("#ff000080", RED)]
)
def test_a_format_without_holes_gets_a_background(
    calls: Calls, background: str | None, expected: tuple[int, ...]
) -> None:
    link = calls.stored(Image.new("RGBA", (8, 8)))
    more = {} if background is None else {"background": background}

    image = opened(calls.get("convert", img=link, export="bmp", blob=1, **more))

    assert image.mode == "RGB"
    distance = [abs(a - b) for a, b in zip(colour_at(image, 0, 0), expected, strict=True)]
    assert max(distance) <= (128 if background == "#ff000080" else 0)


def test_a_lower_quality_makes_a_smaller_jpeg(calls: Calls) -> None:
    link = calls.stored(Image.effect_noise((60, 60), 90).convert("RGB"))

    sizes = [
        len(calls.get("convert", img=link, export="jpeg", compression=c, blob=1).content)
        for c in (0, 100)
    ]

    assert sizes[0] < sizes[1] / 2


def test_a_picture_that_a_format_cannot_hold_is_unsupported(calls: Calls) -> None:
    reply = calls.get("newimage", width=70_000, height=1, export="jpeg")

    assert reply.status_code == 415
    assert "cannot be written as JPEG" in reply.json()["error"]


def test_an_icon_has_a_largest_size(calls: Calls) -> None:
    small = calls.stored(Image.new("RGB", (64, 64), "red"))
    large = calls.stored(Image.new("RGB", (300, 300), "red"))

    assert opened(calls.get("convert", img=small, export="ico", blob=1)).size == (64, 64)
    assert calls.get("convert", img=large, export="ico").status_code == 400


def test_a_cmyk_jpeg_becomes_a_png(calls: Calls) -> None:
    reply = calls.upload("convert", jpeg(Image.new("CMYK", (8, 8))), export="png", blob=1)

    assert opened(reply).mode == "RGB"


def test_a_cmyk_jpeg_stays_cmyk(calls: Calls) -> None:
    reply = calls.upload("convert", jpeg(Image.new("CMYK", (8, 8))), export="jpeg", blob=1)

    assert opened(reply).mode == "CMYK"


def test_a_jpeg_that_gets_holes_becomes_a_png(calls: Calls) -> None:
    reply = calls.upload("rotate", jpeg(Image.new("RGB", (20, 10))), degree=45)

    assert reply.json()["id"].endswith(".png")
