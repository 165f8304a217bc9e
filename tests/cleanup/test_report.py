"""A job's report: every row whole for programs, and a page for people that is safe to open."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import stat
import subprocess
import tracemalloc
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixlab_async import ConfigurationError
from pixlab_async.cleanup._report import ReportData, Row, Sample, check_report, write_report
from pixlab_async.cleanup._series import bins_of, quantile, ticks_to, time_ticks

LINK = "https://storage.example.org/private/1p4242424242.png?signature=s3cret"
START = 1_764_100_000.0
HOSTILE = "<script>alert('x')</script>\"&\x1b[31m\udcff https://other.example/private/abcdefghijkl"


def sample(at: float, done: int, refused: int = 0, limit: float | None = None) -> Sample:
    return Sample(START + at, done, refused, limit)


DATA = ReportData(
    source="links.txt",
    started=START,
    finished=START + 600,
    counts={"deleted": 5900, "already_gone": 50, "failed": 40, "protected": 10},
    attempts=6100,
    refused=12,
    limit=612.0,
    blank=3,
    duplicates=7,
    samples=[sample(at, at * 10, at // 50, 600.0 if at > 60 else None) for at in range(0, 610, 10)],
    latencies=[(0.01, 0), (0.1, 5000), (0.2, 900), (0.4, 50), (0.8, 0)],
    ended="Finished",
    runs=2,
)
EMPTY = ReportData("-", START, START, {}, 0, 0, None, 0, 0, [], [], "Stopped by SIGTERM", 1)
ROWS = [
    Row(1, LINK, "deleted", 1, 200, None),
    Row(2, None, "protected", 0, None, None),
    Row(3, '=HYPERLINK("http://x")', "rejected", 0, None, "a, b\nc"),
]


class Page(HTMLParser):
    """What a browser would make of it: elements, attributes and text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += f"{data} "

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        return [each for tag, each in self.elements if tag in tags]


def page(folder: Path, data: ReportData = DATA, failures: Any = (), *, show: bool = False) -> Page:
    path = folder / "report.html"
    write_report(path, data, [], failures, show_links=show)
    return Page(path.read_text())


# For programs.


def test_json_lines_hold_each_row_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    write_report(path, DATA, ROWS, [], show_links=False)

    assert [Row(**json.loads(line)) for line in path.read_text().splitlines()] == ROWS


def test_csv_holds_each_row_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    write_report(path, DATA, ROWS, [], show_links=False)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert [row["link"] for row in rows] == [LINK, "", '\'=HYPERLINK("http://x")']
    assert rows[2] | {"link": ""} == {
        "number": "3",
        "link": "",
        "state": "rejected",
        "attempts": "0",
        "status": "",
        "error": "a, b\nc",
    }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_computes_nothing_of_a_csv_report(start: str, tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    write_report(path, DATA, [Row(1, f"{start}1+1", "failed", 1, None, f"{start}1")], [])
    with path.open(newline="") as file:
        row = list(csv.reader(file))[1]

    assert (row[1], row[5]) == (f"'{start}1+1", f"'{start}1")


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".html"])
def test_a_link_that_is_no_utf8_does_not_cost_the_report(suffix: str, tmp_path: Path) -> None:
    row = Row(1, "\udcff", "rejected", 0, None, "\ud800")
    write_report(tmp_path / f"report{suffix}", DATA, [row], [row])

    assert (tmp_path / f"report{suffix}").read_text()


def test_millions_of_rows_are_never_collected(tmp_path: Path) -> None:
    def many() -> Iterator[Row]:
        return (Row(number, LINK, "failed", 1, 500, "no") for number in range(50_000))

    peaks: list[int] = []
    for suffix in (".csv", ".html"):
        tracemalloc.start()
        write_report(tmp_path / f"report{suffix}", DATA, many(), many())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert max(peaks) < 2_000_000


# The file.


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".html"])
def test_nobody_else_can_read_a_report(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"report{suffix}"
    path.touch(0o644)
    write_report(path, DATA, ROWS, [])

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_report_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    def breaking() -> Iterator[Row]:
        yield ROWS[0]
        raise RuntimeError

    path = tmp_path / "report.csv"
    path.write_text("before")
    with pytest.raises(RuntimeError):
        write_report(path, DATA, breaking(), [])

    assert (path.read_text(), list(tmp_path.iterdir())) == ("before", [path])


@pytest.mark.parametrize("name", ["report", "report.txt", "report.html.gz", "none/report.csv", "."])
def test_what_cannot_be_written_is_told_beforehand(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        check_report(tmp_path / name)


# The page.


def test_the_page_tells_the_counts_and_why_it_ended(tmp_path: Path) -> None:
    text = page(tmp_path).text

    for told in ("Finished", "5,950", "of 6,000 links", "2 runs", "612", "12", "10 min"):
        assert told in text
    assert "Not sent: 3 blank lines and 7 links that repeat an earlier one." in text


def test_a_share_is_100_per_cent_only_where_it_is_all(tmp_path: Path) -> None:
    text = page(tmp_path, attrs.evolve(DATA, counts={"deleted": 10**6, "failed": 1})).text

    assert ("99.99 %" in text, "100 %" in text) == (True, False)


def test_the_page_masks_links_also_in_the_words_of_errors(tmp_path: Path) -> None:
    row = Row(7, LINK, "failed", 5, 500, f"no such thing: {LINK}")
    text = page(tmp_path, failures=[row]).text

    assert "private" not in text
    assert "s3cret" not in text
    assert text.count("storage.example.org/…4242.png") == 3


def test_the_page_shows_links_where_that_is_asked(tmp_path: Path) -> None:
    text = page(tmp_path, failures=[Row(7, LINK, "failed", 5, 500, "no")], show=True).text

    assert LINK in text


def test_the_page_fetches_and_runs_nothing(tmp_path: Path) -> None:
    found = page(tmp_path, failures=[Row(1, HOSTILE, HOSTILE, 1, 500, HOSTILE)])
    found_attributes = {name for _, each in found.elements for name in each}

    assert not found.named("script", "link", "img", "iframe", "object", "a", "use")
    assert not {name for name in found_attributes if name.startswith("on")}
    assert not found_attributes & {"src", "href", "srcset", "xlink:href"}
    assert "url(" not in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("show", [False, True])
def test_texts_from_anywhere_are_escaped(show: bool, tmp_path: Path) -> None:
    data = attrs.evolve(DATA, source=HOSTILE, ended=HOSTILE, counts={HOSTILE: 1})
    text = page(tmp_path, data, [Row(1, HOSTILE, HOSTILE, 1, 500, HOSTILE)], show=show).text

    assert text.count("<script>alert('x')</script>\"&?[31m?") >= 6


def test_failures_are_grouped_by_reason_and_shown_up_to_a_thousand(tmp_path: Path) -> None:
    failures = (
        Row(number, LINK, "failed", 5, 503 if number % 4 else None, "no") for number in range(1200)
    )
    found = page(tmp_path, failures=failures)

    assert re.search(r"900\s+failed\s+503\s+no\s+300\s+failed\s+-\s+no", found.text)
    assert "200 more are not shown" in found.text
    assert len(found.named("tr")) == 1000 + 2 + 2 + 1 + len(DATA.counts)


def test_reasons_without_end_do_not_make_a_page_without_end(tmp_path: Path) -> None:
    failures = (Row(number, LINK, "failed", 5, None, f"no {number}") for number in range(5000))
    found = page(tmp_path, failures=failures)

    assert "3,000 - other reasons" in " ".join(found.text.split())
    assert "more reasons." in found.text


def test_every_chart_has_a_title_and_a_text_for_those_who_cannot_see_it(tmp_path: Path) -> None:
    found = page(tmp_path)
    names = [str(each["aria-labelledby"]).split() for each in found.named("svg")]
    ids = {each.get("id") for each in found.named("title", "desc")}

    assert len(names) == 3
    assert {name for pair in names for name in pair} <= ids
    assert all(each.get("scope") in {"col", "row"} for each in found.named("th"))


@pytest.mark.parametrize(
    "samples",
    [[], [sample(0, 0)], [sample(0, 0), sample(0, 5)], [sample(5, 5), sample(5, 5), sample(5, 9)]],
)
def test_a_job_that_was_too_short_has_no_chart_over_time(
    samples: Sequence[Sample], tmp_path: Path
) -> None:
    data = attrs.evolve(DATA, samples=samples, latencies=[])

    assert "too short for a chart" in page(tmp_path, data).text


@pytest.mark.parametrize(
    "data",
    [
        EMPTY,
        attrs.evolve(DATA, samples=[sample(0, 0), sample(1, 9)]),
        attrs.evolve(DATA, samples=[sample(0, 0), sample(0, 0), sample(1, 0), sample(9e6, 9)]),
        attrs.evolve(DATA, latencies=[(0.5, 1)]),
        attrs.evolve(DATA, latencies=[(2.0**place, 10**9) for place in range(-9, 15)]),
        attrs.evolve(DATA, limit=None, refused=0, blank=0, duplicates=0),
    ],
)
def test_every_job_makes_a_whole_page(data: ReportData, tmp_path: Path) -> None:
    found = page(tmp_path, data)

    assert (found.open, "nan" in found.text, "inf" in found.text) == ([], False, False)


# Its numbers.


@given(
    st.lists(
        st.builds(
            sample,
            st.floats(0, 1e6),
            st.integers(0, 10**6),
            st.integers(0, 99),
            st.none() | st.floats(1, 1e4),
        ),
        max_size=300,
    )
)
def test_bins_are_few_and_cover_the_time_without_gaps(samples: list[Sample]) -> None:
    bins = bins_of(samples, START)

    assert len(bins) <= 120
    assert all(one.end == other.start for one, other in pairwise(bins))
    assert all(each.rate >= 0 and each.refused >= 0 for each in bins)


def test_bins_keep_what_was_done_and_refused() -> None:
    bins = bins_of(DATA.samples, START)

    assert sum(each.rate * (each.end - each.start) / 60 for each in bins) == pytest.approx(6000)
    assert sum(each.refused for each in bins) == pytest.approx(12)
    assert (bins[0].limit, bins[-1].limit) == (None, 600.0)


@given(st.floats(1e-3, 1e12), st.integers(1, 9), st.booleans())
def test_ticks_are_few_and_reach_the_highest_value(highest: float, most: int, whole: bool) -> None:
    ticks = ticks_to(highest, most=most, whole=whole)

    assert 2 <= len(ticks) <= most + 2
    assert ticks[-1] >= highest * 0.998


@given(st.integers(0, 10**6), st.floats(1, 1e8))
def test_times_are_labelled_at_few_round_moments(start: float, span: float) -> None:
    ticks = time_ticks(start, start + span, 8)

    assert len(ticks) <= 9
    assert all(start <= tick <= start + span for tick in ticks)


def test_a_quantile_is_the_bound_of_its_bucket() -> None:
    buckets = [(0.1, 50), (0.2, 45), (0.4, 0), (0.8, 5)]

    assert [quantile(buckets, share) for share in (0.5, 0.95, 0.99)] == [0.1, 0.2, 0.8]


# In a browser.

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def console(page: Path, profile: Path) -> str:
    """What a real browser complains of in a page."""
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--enable-logging=stderr",
            "--v=0",
            f"--user-data-dir={profile}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    assert "</html>" in done.stdout
    return "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_has_nothing_to_complain_of(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, DATA, [], [Row(1, HOSTILE, HOSTILE, 1, 500, HOSTILE)], show_links=True)
    bad = tmp_path / "bad.html"
    bad.write_text(path.read_text().replace("</body>", "<script>no()</script></body>"))

    assert console(path, tmp_path / "profile") == ""
    assert "Content Security Policy" in console(bad, tmp_path / "profile")
