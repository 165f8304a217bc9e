"""Pictures that are here, for endpoints that take links alone; and the language models' host."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import anyio
import anyio.to_thread
import httpx
import pytest
from PIL import Image

from pixlab_async import (
    AsyncPixLab,
    BadRequest,
    CleanupFailed,
    ConfigurationError,
    Media,
    NotFound,
    Overlay,
    RateLimited,
    Rectangle,
    ServerFailed,
    TimedOut,
    UnsupportedMedia,
)
from pixlab_async.emulator import Emulator, Fault

from ..canary.hunting import IN_QUERY, assert_silent
from ..canary.telling import told_by
from ..conftest import QUICK, client_of
from ..samples import promised
from ..scripted import wait_until
from .images import grid, opened, written

GRID = written(grid(12, 8))
RED = written(Image.new("RGB", (4, 2), "red"))
BOX = Rectangle(2, 1, 4, 3)
Call = Callable[[AsyncPixLab, bytes], Awaitable[Any]]


def asked(emulator: Emulator) -> list[str]:
    return [request.endpoint for request in emulator.received]


def sent(emulator: Emulator, endpoint: str) -> Any:
    """The parameters of the last request to the endpoint."""
    found = [request for request in emulator.received if request.endpoint == endpoint]
    return found[-1].params


# --- What comes of it ---------------------------------------------------------------------


async def test_mogrify_blurs_within_the_rectangle_and_nowhere_else(pixlab: AsyncPixLab) -> None:
    image = Image.new("L", (12, 8))
    for x in range(0, 12, 2):
        image.paste(255, (x, 0, x + 1, 8))

    blurred = opened((await pixlab.blob.mogrify(written(image), [BOX], sigma=3)).content)

    part = (2, 1, 6, 4)
    low, high = blurred.convert("L").crop(part).getextrema()
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert 0 < low <= high < 255
    blurred.paste(image.crop(part), part)
    assert blurred.convert("L").tobytes() == image.tobytes()


async def test_mogrify_sends_numbers_that_are_given(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    box = {"x": 1.4, "y": 2.6, "width": "3", "height": 4}
    await pixlab.mogrify(GRID, [box], radius=2.5, sigma=30)

    params = sent(emulator, "mogrify")
    assert params["cord"] == [{"left": 1, "top": 3, "width": 3, "height": 4}]
    assert (params["radius"], params["sigma"]) == (2.5, 30)


async def test_merge_places_pictures_on_another(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    stored = await pixlab.store(RED)
    overlays: list[Any] = [
        Overlay(RED, 0, 0),
        Overlay(stored, 8, 4, center=True, center_y=True),
        {"img": stored.link, "x": 10, "y": 7, "center": False},
    ]

    merged = opened((await pixlab.blob.merge(GRID, overlays)).content).convert("RGB")

    red = {(x, y) for x in range(12) for y in range(8) if merged.getpixel((x, y)) == (255, 0, 0)}
    assert red == {
        *((x, y) for x in range(4) for y in range(2)),
        *((x, y) for x in range(6, 10) for y in range(3, 5)),
        *((x, 7) for x in range(10, 12)),
    }
    assert emulator.stored() == [stored.link]


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ({"x": 1, "y": 2}, r"cord\[0\]\.img is missing"),
        ({"img": "https://example.org/a.png", "x": 1}, r"cord\[0\]\.y must be a number"),
        (Overlay(b"x", 1, 2, center=1), r"cord\[0\]\.center must be True or False"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        (Overlay("words", 1, 2), "must be an http"),
        (b"picture", r"cord\[0\] must be a Overlay or a dictionary"),
    ],
)
async def test_an_overlay_that_is_none_is_not_sent(
    pixlab: AsyncPixLab, emulator: Emulator, overlay: Any, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        await pixlab.merge(GRID, [overlay])

    assert not emulator.received


# --- Stored for the call, deleted after it ------------------------------------------------

# How many sources each call has that must be stored.
LINKED: dict[str, tuple[int, Call]] = {
    "colorize": (1, lambda pixlab, here: pixlab.colorize(here)),
    "drawlines": (
        1,
        lambda pixlab, here: pixlab.drawlines(
            here, [{"startx": 0, "starty": 0, "endx": 1, "endy": 1}]
        ),
    ),
    "drawpoints": (1, lambda pixlab, here: pixlab.drawpoints(here, [{"x": 1, "y": 1}])),
    "drawrectangles": (1, lambda pixlab, here: pixlab.drawrectangles(here, [BOX])),
    "facecompare": (2, lambda pixlab, here: pixlab.facecompare(here, here)),
    "facelookup": (2, lambda pixlab, here: pixlab.facelookup(here, here)),
    "gifcomposite": (1, lambda pixlab, here: pixlab.gifcomposite(here, here, 1, 1)),
    "imgdiff": (2, lambda pixlab, here: pixlab.imgdiff(here, here)),
    "imgembed": (1, lambda pixlab, here: pixlab.imgembed(here)),
    "makegif": (3, lambda pixlab, here: pixlab.makegif([here, here, here])),
    "meme": (1, lambda pixlab, here: pixlab.meme(here, bottom="such meme")),
    "merge": (3, lambda pixlab, here: pixlab.merge(here, [Overlay(here, 1, 1)] * 2)),
    "mogrify": (1, lambda pixlab, here: pixlab.mogrify(here, [BOX])),
    "ocr": (1, lambda pixlab, here: pixlab.ocr(here)),
    "pdftoimg": (1, lambda pixlab, here: pixlab.pdftoimg(here)),
    "removebg": (1, lambda pixlab, here: pixlab.removebg(here)),
}


@pytest.mark.parametrize("name", LINKED)
async def test_sources_that_are_here_are_stored_for_the_call_and_deleted_after_it(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes, name: str
) -> None:
    count, call = LINKED[name]
    emulator.when(name, promised(name))

    result = await call(pixlab, picture)

    assert asked(emulator) == [*["store"] * count, name, *["delete"] * count]
    assert emulator.stored() == []
    assert result.meta.left_stored == ()


@pytest.mark.parametrize("name", LINKED)
async def test_sources_are_deleted_after_a_refusal(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes, name: str
) -> None:
    emulator.inject(Fault(endpoint=name, status=400))

    with pytest.raises(BadRequest) as caught:
        await LINKED[name][1](pixlab, picture)

    assert caught.value.endpoint == name
    assert emulator.stored() == []


def test_every_endpoint_that_takes_links_alone_is_in_the_table() -> None:
    from pixlab_async._endpoint import ENDPOINTS
    from pixlab_async.catalogue import catalogue

    addresses = {"copy", "delete", "llmparse", "screencapture"}
    taking = {
        name
        for name, entry in catalogue().items()
        if name in ENDPOINTS and not ENDPOINTS[name].upload
        for parameter in entry.parameters or ()
        if parameter.type == "url" or any(field.type == "url" for field in parameter.item)
    }

    assert taking - addresses | {"gifcomposite"} == set(LINKED)


KINDS: dict[str, Callable[[Path], Any]] = {
    "path": lambda path: path,
    "bytes": lambda path: path.read_bytes(),
    "file": lambda path: io.BytesIO(path.read_bytes()),
    "iterator": lambda path: iter([path.read_bytes()]),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_source_is_stored(
    pixlab: AsyncPixLab,
    emulator: Emulator,
    tmp_path: Path,
    picture: bytes,
    kind: str,
) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(picture)

    await pixlab.drawpoints(KINDS[kind](path), [{"x": 1, "y": 1}])

    assert emulator.received[0].file == picture
    assert len(emulator.stored()) == 1


async def test_the_result_alone_stays_stored(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    blurred = await pixlab.mogrify(GRID, [BOX])

    assert emulator.stored() == [blurred.link]


async def test_of_a_blob_nothing_stays_stored(
    pixlab: AsyncPixLab, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "grid.png"
    path.write_bytes(GRID)

    blurred = await pixlab.blob.mogrify(path, [BOX])

    assert opened(blurred.content).size == (12, 8)
    assert emulator.stored() == []


async def test_what_is_stored_already_is_neither_stored_again_nor_deleted(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    media = await pixlab.store(GRID)

    await pixlab.blob.mogrify(media, [BOX])
    await pixlab.blob.mogrify(media.link, [BOX])

    assert asked(emulator) == ["store", "mogrify", "mogrify"]
    assert emulator.stored() == [media.link]


async def test_links_and_sources_that_are_here_go_together(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    media = await pixlab.store(RED)

    await pixlab.blob.merge(media, [Overlay(RED, 0, 0), Overlay(media, 1, 1)])

    params = sent(emulator, "merge")
    assert (params["src"], params["cord"][1]["img"]) == (media.link, media.link)
    assert params["cord"][0]["img"] != media.link
    assert emulator.stored() == [media.link]


async def test_an_upload_and_a_link_of_one_call_take_their_own_ways(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    gif = written(grid(), "GIF")

    await pixlab.gifcomposite(gif, RED, 0, 0)

    request = emulator.received[1]
    assert (request.endpoint, request.file) == ("gifcomposite", gif)
    assert request.params["composite"].startswith(emulator.base_url)


async def test_a_call_that_is_repeated_uses_the_same_stored_source(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("ocr", output="words")
    emulator.inject(Fault(endpoint="ocr", status=503))

    read = await pixlab.ocr(iter([picture]))

    assert read.meta.attempts == 2
    assert asked(emulator) == ["store", "ocr", "ocr", "delete"]


async def test_where_the_second_source_is_refused_the_first_is_deleted(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    with pytest.raises(UnsupportedMedia) as caught:
        await pixlab.imgdiff(RED, b"no picture")

    assert caught.value.endpoint == "store"
    assert asked(emulator) == ["store", "store", "delete"]
    assert emulator.stored() == []


async def test_what_the_program_got_wrong_stores_nothing(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    with pytest.raises(ConfigurationError):
        await pixlab.mogrify(GRID, [BOX], sigma=31)

    assert not emulator.received


async def test_a_source_that_is_gone_by_itself_is_fine(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("ocr", output="words")
    emulator.inject(Fault(endpoint="delete", status=404))

    read = await pixlab.ocr(picture)

    assert read.meta.left_stored == ()


# --- Cancelled while the call runs --------------------------------------------------------

SLOW = Fault(endpoint="merge", latency=0.5, status=500)


async def _merge(pixlab: AsyncPixLab) -> None:
    await pixlab.merge(GRID, [Overlay(RED, 1, 1)])


async def _until_asked(emulator: Emulator, endpoint: str) -> None:
    await anyio.to_thread.run_sync(wait_until, lambda: endpoint in asked(emulator))


async def test_sources_are_deleted_when_a_scope_is_cancelled(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(SLOW)

    async with anyio.create_task_group() as group:
        group.start_soon(_merge, pixlab)
        await _until_asked(emulator, "merge")
        group.cancel_scope.cancel()

    assert asked(emulator) == ["store", "store", "merge", "delete", "delete"]
    assert emulator.stored() == []


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("times", [1, 2])
async def test_sources_are_deleted_when_a_task_is_cancelled(
    pixlab: AsyncPixLab, emulator: Emulator, times: int
) -> None:
    emulator.inject(SLOW)
    task = asyncio.create_task(_merge(pixlab))
    await _until_asked(emulator, "merge")

    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([task])

    assert task.cancelled()
    assert emulator.stored() == []


@pytest.mark.parametrize("endpoint", ["store", "delete"])
async def test_sources_are_deleted_when_the_call_is_cancelled_before_or_after(
    pixlab: AsyncPixLab, emulator: Emulator, endpoint: str
) -> None:
    emulator.inject(Fault(endpoint=endpoint, latency=0.3, acts=True, times=None))

    async with anyio.create_task_group() as group:
        group.start_soon(pixlab.blob.mogrify, GRID, [BOX])
        await _until_asked(emulator, endpoint)
        group.cancel_scope.cancel()

    assert emulator.stored() == []


async def test_sources_and_result_are_deleted_when_a_temporary_is_cancelled_in_the_making(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="mogrify", latency=0.5, acts=True))

    async def use() -> None:
        async with pixlab.temporary(pixlab.mogrify(GRID, [BOX])):
            raise AssertionError("unreachable")

    async with anyio.create_task_group() as group:
        group.start_soon(use)
        await _until_asked(emulator, "mogrify")
        group.cancel_scope.cancel()

    assert asked(emulator) == ["store", "mogrify", "delete", "delete"]
    assert emulator.stored() == []


async def test_sources_that_a_cancelled_call_leaves_are_told_of(
    pixlab: AsyncPixLab, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.inject(SLOW)
    emulator.inject(Fault(endpoint="delete", status=500, times=None))

    with caplog.at_level(logging.ERROR, "pixlab_async"):
        async with anyio.create_task_group() as group:
            group.start_soon(_merge, pixlab)
            await _until_asked(emulator, "merge")
            group.cancel_scope.cancel()

    assert caplog.text.count("may still be stored") == 2


# --- A deletion that fails ----------------------------------------------------------------


async def test_a_source_that_could_not_be_deleted_is_told_with_the_result(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=3))

    blurred = await pixlab.mogrify(GRID, [BOX])

    (left,) = blurred.meta.left_stored
    assert isinstance(left, Media)
    assert emulator.stored() == [left.link, blurred.link]


@pytest.mark.parametrize("name", ["mogrify", "imgdiff"])
async def test_a_blob_tells_of_it_too(pixlab: AsyncPixLab, emulator: Emulator, name: str) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=None))
    call: dict[str, Callable[[], Awaitable[Any]]] = {
        "mogrify": lambda: pixlab.blob.mogrify(GRID, [BOX]),
        "imgdiff": lambda: pixlab.blob.imgdiff(GRID, GRID),
    }

    made = await call[name]()

    assert [left.link for left in made.meta.left_stored] == emulator.stored()


async def test_what_tells_of_a_picture_tells_of_it_too(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.when("facecompare", same_face=True)
    emulator.inject(Fault(endpoint="delete", status=500, times=3))

    compared = await pixlab.facecompare(RED, RED)

    assert [left.link for left in compared.meta.left_stored] == emulator.stored()
    assert len(emulator.stored()) == 1


async def test_temporary_deletes_what_was_left(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=6))

    async with pixlab.temporary(pixlab.imgdiff(GRID, GRID)) as media:
        assert len(media.meta.left_stored) == 2
        assert len(emulator.stored()) == 3

    assert emulator.stored() == []


async def test_temporary_deletes_the_result_though_what_was_left_stays(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="delete", status=500, times=6))

    with pytest.raises(CleanupFailed) as caught:
        async with pixlab.temporary(pixlab.mogrify(GRID, [BOX])) as media:
            pass

    assert emulator.stored() == [left.link for left in media.meta.left_stored]
    assert isinstance(caught.value.error, ServerFailed)


async def test_a_call_that_fails_and_leaves_its_source_tells_of_both(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="mogrify", status=400))
    emulator.inject(Fault(endpoint="delete", status=500, times=3))

    with pytest.raises(CleanupFailed) as caught:
        await pixlab.mogrify(GRID, [BOX])

    assert caught.value.media is not None
    assert emulator.stored() == [caught.value.media.link]
    assert isinstance(caught.value.error, ServerFailed)
    assert isinstance(caught.value.__cause__, BadRequest)


async def test_a_call_that_fails_and_leaves_one_of_two_names_that_one(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.inject(Fault(endpoint="imgdiff", status=404))
    emulator.inject(Fault(endpoint="delete", status=500, times=3))

    with pytest.raises(CleanupFailed) as caught:
        await pixlab.imgdiff(GRID, GRID)

    assert caught.value.media is not None
    assert emulator.stored() == [caught.value.media.link]
    assert isinstance(caught.value.__cause__, NotFound)


# --- The host of language models ----------------------------------------------------------

Auth = Literal["query", "header"]
MODELS: dict[str, Callable[[AsyncPixLab], Awaitable[Any]]] = {
    "answer": lambda pixlab: pixlab.answer("why?"),
    "coder": lambda pixlab: pixlab.coder([{"role": "user", "content": "why?"}]),
    "llmparse": lambda pixlab: pixlab.llmparse("https://example.org/a.pdf"),
    "toolcall": lambda pixlab: pixlab.toolcall([{"id": "call_1"}]),
}


@pytest.fixture(scope="module")
def running_model(running_emulator: Emulator) -> Iterator[Emulator]:
    """A second host, that knows the same key."""
    with Emulator(api_key=running_emulator.api_key) as model:
        yield model


@pytest.fixture
def model(running_model: Emulator) -> Emulator:
    running_model.clear()
    for name in MODELS:
        running_model.when(name, promised(name))
    return running_model


@pytest.fixture(params=["query", "header"])
def auth(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
async def two_hosts(
    emulator: Emulator, model: Emulator, auth: Auth, anyio_backend: str
) -> AsyncIterator[AsyncPixLab]:
    async with AsyncPixLab(
        base_url=emulator.base_url,
        llm_url=model.base_url,
        api_key=emulator.api_key,
        auth=auth,
        retry=QUICK,
    ) as client:
        yield client


@pytest.mark.parametrize("name", MODELS)
async def test_language_models_are_asked_on_their_own_host(
    two_hosts: AsyncPixLab, emulator: Emulator, model: Emulator, auth: Auth, name: str
) -> None:
    await MODELS[name](two_hosts)

    (request,) = model.received
    assert (request.endpoint, request.key) == (name, model.api_key)
    assert ("www-authenticate" in request.headers) == (auth == "header")
    assert not emulator.received


async def test_a_question_has_its_key_in_the_query_and_a_conversation_in_the_json(
    two_hosts: AsyncPixLab, model: Emulator, auth: Auth
) -> None:
    await MODELS["answer"](two_hosts)
    await MODELS["coder"](two_hosts)

    asked_in_query = [f"key={model.api_key}" in request.query for request in model.received]
    assert asked_in_query == [auth == "query", False]


async def test_vectors_come_from_the_main_host(
    two_hosts: AsyncPixLab, emulator: Emulator, model: Emulator, picture: bytes
) -> None:
    emulator.when("imgembed", promised("imgembed"))

    await two_hosts.imgembed(picture)

    assert asked(emulator) == ["store", "imgembed", "delete"]
    assert not model.received


async def test_a_derived_client_asks_there_too(two_hosts: AsyncPixLab, model: Emulator) -> None:
    await two_hosts.with_options(deadline=5).answer("why?")

    assert asked(model) == ["answer"]


async def test_without_a_url_of_their_own_they_are_where_all_else_is(emulator: Emulator) -> None:
    emulator.when("answer", response="so")

    async with client_of(emulator) as pixlab:
        await pixlab.answer("why?")

    assert asked(emulator) == ["answer"]


async def test_the_environment_may_say_where_they_are(
    emulator: Emulator, model: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXLAB_BASE_URL", emulator.base_url)
    monkeypatch.setenv("PIXLAB_LLM_URL", model.base_url)

    async with AsyncPixLab(api_key=emulator.api_key) as pixlab:
        await pixlab.answer("why?")

    assert (asked(emulator), asked(model)) == ([], ["answer"])


async def test_the_environment_says_nothing_of_a_base_url_that_is_given(
    emulator: Emulator, model: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.when("answer", reply="because")
    monkeypatch.setenv("PIXLAB_LLM_URL", model.base_url)

    async with client_of(emulator) as pixlab:
        await pixlab.answer("why?")

    assert (asked(emulator), asked(model)) == (["answer"], [])


async def test_of_the_service_itself_they_are_on_the_documented_host() -> None:
    hosts: list[str] = []

    class Recording(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            hosts.append(f"{request.url.scheme}://{request.url.host}")
            return httpx.Response(200, json={"status": 200})

    async with AsyncPixLab(api_key="word", transport=Recording()) as pixlab:
        await pixlab.answer("why?")
        await pixlab.status()

    assert hosts == ["https://llm.pixlab.io", "https://api.pixlab.io"]


@pytest.mark.parametrize("limited", ["main", "model"])
@pytest.mark.parametrize("auth", ["query"])
async def test_the_rate_limit_of_one_host_does_not_pause_the_other(
    two_hosts: AsyncPixLab, emulator: Emulator, model: Emulator, limited: str
) -> None:
    calls: dict[str, Callable[[AsyncPixLab], Awaitable[Any]]] = {
        "main": lambda pixlab: pixlab.status(),
        "model": lambda pixlab: pixlab.answer("why?"),
    }
    other = "model" if limited == "main" else "main"
    host = emulator if limited == "main" else model
    host.inject(Fault(status=429, headers={"Retry-After": "30"}))

    with pytest.raises(RateLimited):
        await calls[limited](two_hosts.with_options(deadline=10))
    await calls[other](two_hosts.with_options(deadline=10))
    with pytest.raises(TimedOut) as caught:
        await calls[limited](two_hosts.with_options(deadline=0.1))

    assert caught.value.phase == "queue"
    assert len(host.received) == 1


@pytest.mark.parametrize("end", ["", "%0A"], ids=["a key", "a malformed key"])
def test_a_key_in_the_models_url_is_refused_in_silence(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXLAB_LLM_URL", f"https://llm.example/?key={IN_QUERY}{end}")

    with pytest.raises(ConfigurationError, match="llm_url holds a key") as found:
        AsyncPixLab()
    with pytest.raises(ConfigurationError, match="llm_url holds a key") as given:
        AsyncPixLab(llm_url=f"https://llm.example/?key={IN_QUERY}{end}")

    assert_silent(told_by(found.value) + told_by(given.value))


@pytest.mark.parametrize(
    "url", ["http://llm.example", "llm.example", "https://u:p@llm.example", "https://a/?b=c", 7]
)
def test_a_models_url_that_cannot_be_used_is_refused(url: Any) -> None:
    with pytest.raises(ConfigurationError):
        AsyncPixLab(llm_url=url)
