"""Values in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixlab_async._wording import duration, latency, masked, printable


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 s"),
        (0.44, "0.4 s"),
        (3, "3 s"),
        (12.4, "12 s"),
        (59.6, "1 min"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (11_520, "3 h 12 min"),
        (86_399, "24 h"),
        (90_000, "1 d 1 h"),
        (10_022_400, "116 days"),
        (float("inf"), "for ever"),
    ],
)
def test_a_duration_has_one_or_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@given(st.floats(0, 1e9))
def test_a_duration_is_short(seconds: float) -> None:
    assert len(duration(seconds)) <= 13


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0854, "85 ms"), (1.23, "1.2 s"), (75, "1 min 15 s")]
)
def test_a_latency_has_the_unit_that_fits(seconds: float, words: str) -> None:
    assert latency(seconds) == words


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://host.example/private/1p0000000042.png?sig=1#x", "host.example/…0042.png"),
        ("https://user:secret@host.example/abcdefghijkl", "host.example/…efghijkl"),
        ("1p0000000000000000.png", "…0000.png"),
        ("short.png", "short.png"),
    ],
)
def test_of_a_private_link_only_host_and_end_are_shown(link: str, shown: str) -> None:
    assert masked(link) == shown


def test_nothing_that_is_shown_can_steer_a_terminal() -> None:
    assert printable("a\x1b[31m\r\nb\u202e") == "a?[31m?\nb?"
