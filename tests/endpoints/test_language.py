"""Language models: answers, code, vectors, documents for models."""

from __future__ import annotations

from typing import Any

import pytest

from pixlab_async import AsyncPixLab, ConfigurationError, Embedding, Job
from pixlab_async.emulator import Emulator, Fault


async def test_answer_sends_every_option_under_the_vendors_name(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.when("answer", response="42")

    answer = await pixlab.answer(
        "Why?", format="markdown", openai_reply=True, temperature=0.5, max_tokens=10
    )

    assert answer["response"] == "42"
    assert emulator.received[-1].params == {
        "query": "Why?",
        "format": "markdown",
        "openai-reply": "true",
        "temperature": "0.5",
        "max_tokens": "10",
    }


async def test_a_question_too_long_for_a_query_goes_as_json(
    pixlab: AsyncPixLab, emulator: Emulator
) -> None:
    emulator.when("answer", response="no")
    question = "why? " * 20_000

    await pixlab.answer(question)

    assert emulator.received[-1].method == "POST"
    assert emulator.received[-1].params == {"query": question}


async def test_coder_sends_a_conversation(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.when("coder", code="print(1)")
    conversation = [
        {"role": "system", "content": "Be brief & exact."},
        {"role": "user", "content": "Print 1"},
    ]

    answer = await pixlab.coder(conversation, format="text", openai_reply=False, temperature=2)

    assert answer["code"] == "print(1)"
    assert emulator.received[-1].params == {
        "messages": conversation,
        "format": "text",
        "openai-reply": False,
        "temperature": 2,
    }


async def test_coder_takes_a_plain_prompt(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.inject(Fault(endpoint="coder", body=b'{"status":200}'))

    await pixlab.coder("Print 1")

    assert emulator.received[-1].params == {"messages": "Print 1"}


async def test_toolcall_returns_the_tools_output(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.when("toolcall", id="1", output=[{"link": "https://media.example/a.png"}])
    tools = [{"id": "call_1", "type": "function", "function": {"name": "blur", "arguments": "{}"}}]

    answer = await pixlab.toolcall(tools)

    assert answer["output"] == [{"link": "https://media.example/a.png"}]
    assert emulator.received[-1].params == {"tools": tools}


@pytest.mark.parametrize("given", ["words", [], ["words"], b"words", {"role": "user"}, None])
async def test_tools_are_a_list_of_dictionaries(
    pixlab: AsyncPixLab, emulator: Emulator, given: Any
) -> None:
    with pytest.raises(ConfigurationError, match="tools must be"):
        await pixlab.toolcall(given)

    assert not emulator.received


@pytest.mark.parametrize("given", ["", [], ["words"], {"role": "user"}, 7])
async def test_messages_are_a_prompt_or_a_list_of_dictionaries(
    pixlab: AsyncPixLab, emulator: Emulator, given: Any
) -> None:
    with pytest.raises(ConfigurationError, match="messages must be"):
        await pixlab.coder(given)

    assert not emulator.received


async def test_imgembed_returns_a_vector(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("imgembed", id="e1", embedding=[0.25, -1, 3])
    media = await pixlab.store(picture)

    assert await pixlab.imgembed(media, dimension=512) == Embedding((0.25, -1.0, 3.0), "e1")
    assert emulator.received[-1].params == {"img": media.link, "dimension": "512"}


async def test_a_vector_is_not_shown_number_by_number(
    pixlab: AsyncPixLab, emulator: Emulator, picture: bytes
) -> None:
    emulator.when("imgembed", embedding=[0.25] * 512)

    assert "<512 numbers>" in repr(await pixlab.imgembed(picture))


async def test_llmparse_returns_a_job(pixlab: AsyncPixLab, emulator: Emulator) -> None:
    emulator.when("llmparse", jobId="j7", queue="short")

    job = await pixlab.llmparse("https://example.org/a.pdf", format="md")

    assert job == Job("j7")
    assert job.extra == {"queue": "short"}
    assert emulator.received[-1].params == {"url": "https://example.org/a.pdf", "format": "md"}
