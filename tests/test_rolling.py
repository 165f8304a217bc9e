"""The count of the last minute, at the borders of its slots: 242 of a quarter second."""

from __future__ import annotations

import pytest

from pixlab_async._rolling import RollingCount


def counted(at: float, count: int = 1) -> RollingCount:
    made = RollingCount()
    made.add(at, count)
    return made


@pytest.mark.parametrize(("later", "left"), [(60.25, 1), (60.49, 1), (60.5, 0), (1000.0, 0)])
def test_an_event_counts_for_60_seconds_and_a_quarter(later: float, left: int) -> None:
    assert counted(100.0).total(100.0 + later) == left


@pytest.mark.parametrize(("earlier", "taken"), [(60.25, 1), (60.5, 0)])
def test_an_event_that_is_told_late_counts_as_long_as_one_told_in_time(
    earlier: float, taken: int
) -> None:
    count = RollingCount()
    count.total(1000.0)
    count.add(1000.0 - earlier)

    assert count.total(1000.0) == taken


def test_room_comes_when_the_present_slot_leaves() -> None:
    assert counted(100.0, 5).until_below(5.0, 100.0) == 60.5


def test_room_comes_at_once_when_the_oldest_slot_is_about_to_leave() -> None:
    assert counted(100.0).until_below(1.0, 160.25) == 0.25


@pytest.mark.parametrize("later", [0.0, 30.0, 61.0])
def test_what_was_forgotten_does_not_come_back(later: float) -> None:
    count = counted(100.0, 5)
    count.clear()

    assert count.total(100.0 + later) == 0
