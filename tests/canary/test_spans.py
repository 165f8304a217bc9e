"""Spans of OpenTelemetry's own instrumentation: neither the key nor a private link is in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pixlab_async import AsyncPixLab, PixLabError
from pixlab_async.emulator import Emulator, Fault

from .conftest import Auth, Way, reaching
from .hunting import KEY, LINK, assert_discreet, assert_silent, hunt


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Every span that ends while both instrumentations are at work."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    at_work = (HTTPXClientInstrumentor(), AioHttpClientInstrumentor())
    for one in at_work:
        one.instrument(tracer_provider=provider)
    yield exporter
    for one in at_work:
        one.uninstrument()
    provider.shutdown()


def told(spans: InMemorySpanExporter) -> list[str]:
    """Names, attributes, events with their tracebacks, and statuses."""
    return [span.to_json() for span in spans.get_finished_spans()]


@pytest.fixture
async def traced(
    spans: InMemorySpanExporter, service: Emulator, auth: Auth, way: Way, anyio_backend: str
) -> AsyncIterator[AsyncPixLab]:
    """A client that was made when the instrumentations were at work."""
    async with reaching(service.base_url, auth, way) as pixlab:
        yield pixlab


async def test_spans_of_calls_are_discreet(
    traced: AsyncPixLab, spans: InMemorySpanExporter, picture: bytes, way: Way
) -> None:
    await traced.delete(LINK, missing_ok=True)
    await traced.delete(await traced.store(picture))

    assert len(told(spans)) == 3
    # What a given client is shown is its owner's business, but for the key.
    (assert_silent if way == "client" else assert_discreet)(*told(spans))


@pytest.mark.parametrize(
    "fault", [Fault(reset="before", times=None), Fault(status=500, times=None)]
)
async def test_spans_of_failures_are_discreet(
    traced: AsyncPixLab, spans: InMemorySpanExporter, service: Emulator, way: Way, fault: Fault
) -> None:
    service.inject(fault)

    with pytest.raises(PixLabError):
        await traced.delete(LINK)

    assert len(told(spans)) == 3
    (assert_silent if way == "client" else assert_discreet)(*told(spans))


async def test_spans_of_downloads_name_the_host_alone(
    traced: AsyncPixLab, spans: InMemorySpanExporter, picture: bytes, tmp_path: Path, way: Way
) -> None:
    media = await traced.store(picture)
    spans.clear()

    await traced.download(media, tmp_path / "a")

    assert len(told(spans)) == 1
    assert (media.id in "".join(told(spans))) is (way == "client")


async def test_a_span_with_the_key_is_found(spans: InMemorySpanExporter, service: Emulator) -> None:
    async with httpx.AsyncClient() as plain:
        await plain.get(f"{service.base_url}/delete", params={"link": LINK, "key": KEY})

    assert hunt(*told(spans))
    assert hunt(*told(spans), link=True)
