"""Language models: answers, code, vectors, documents for models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from .._arguments import filled, number, optional, truth, whole
from .._errors import ConfigurationError
from .._protocol import Parameter
from .._results import Answer
from .._sources import Source, as_source, check_link
from .._success import Success
from ._group import Group, answer, call_of

if TYPE_CHECKING:
    from .._shapes import Embedding, Job

AnswerFormat: TypeAlias = Literal["text", "json", "markdown"]
# Whatever JSON can say: typed dictionaries of other libraries are taken too.
Message: TypeAlias = Mapping[str, object]


class Language(Group):
    """Endpoints of language models. All but ``imgembed`` are on the host llm.pixlab.io.

    The fields of their replies are not documented: an ``Answer`` has them all.
    """

    async def answer(
        self,
        query: str,
        *,
        format: AnswerFormat | str | None = None,
        openai_reply: bool | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
    ) -> Answer:
        """Answer one question; no conversation is kept.

        Args:
            query: The question.
            format: Of the answer: text, json or markdown. Default text.
            openai_reply: Whether the reply has OpenAI's form instead of PixLab's own.
            temperature: How freely the model chooses, 0 to 2.
            max_tokens: The longest answer, 1 to 180000 tokens.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/answer
        """
        params = {
            "query": filled(query, "query"),
            "format": optional(filled, format, "format"),
            "openai-reply": optional(truth, openai_reply, "openai_reply"),
            "temperature": optional(number, temperature, "temperature", 0, 2),
            "max_tokens": optional(whole, max_tokens, "max_tokens", 1, 180_000),
        }
        bare = openai_reply is True
        return await self.send(call_of("answer", answer, params, bare=bare))

    async def coder(
        self,
        messages: str | Sequence[Message],
        *,
        format: AnswerFormat | str | None = None,
        openai_reply: bool | None = None,
        temperature: float | None = None,
    ) -> Answer:
        """Write code.

        Args:
            messages: The prompt; or a conversation in OpenAI's form, dictionaries with role
                and content.
            format: Of the answer: text, json or markdown. Default text.
            openai_reply: Whether the reply has OpenAI's form instead of PixLab's own.
            temperature: How freely the model chooses, 0 to 2.

        Raises:
            ConfigurationError: An argument cannot be sent, or is out of its range.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/coder
        """
        params = {
            "messages": _messages(messages, "messages"),
            "format": optional(filled, format, "format"),
            "openai-reply": optional(truth, openai_reply, "openai_reply"),
            "temperature": optional(number, temperature, "temperature", 0, 2),
        }
        bare = openai_reply is True
        return await self.send(call_of("coder", answer, params, bare=bare))

    async def toolcall(self, tools: Sequence[Message]) -> Answer:
        """Run tools of PixLab's that a language model chose.

        What a tool leaves stored depends on the tool. The reply's ``output`` has an entry for
        each result; its form is not documented. The tools' names must be those that PixLab's
        endpoint LLM-TOOLS lists.

        Args:
            tools: Tool calls in OpenAI's form, as the model gave them.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/llm-tool-call
        """
        params = {"tools": _messages(tools, "tools")}
        return await self.send(call_of("toolcall", answer, params))

    async def imgembed(self, source: Source, *, dimension: int | None = None) -> Embedding:
        """Turn a picture into a vector.

        The page wants Base64 by POST on llm.pixlab.io, the vendor's sample program sends a link
        by GET to api.pixlab.io: this does what the program does.

        Args:
            source: The picture: a URL, a stored ``Media``, or one that is here.
            dimension: Length of the vector, 512 or 1024. Default 512.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/img-embed
        """
        params = {"img": as_source(source), "dimension": optional(whole, dimension, "dimension", 1)}
        return await self.send(call_of("imgembed", _embedding, params))

    async def llmparse(
        self, url: str, *, format: Literal["md", "json", "text"] | str | None = None
    ) -> Job:
        """Queue the conversion of a document for language models.

        The service answers at once with a job. Its page says that the result is polled for;
        where, how often and how long is not documented, so there is no method for it.

        Args:
            url: The public address of a PDF, DOCX, PPTX, XLSX, HTML or text file.
            format: Of the result: md, json or text. The default is not documented.

        Raises:
            ConfigurationError: An argument cannot be sent.
            PixLabError: As for every call; see the error tree.

        Source: https://pixlab.io/endpoints/llm-parse
        """
        params = {"url": check_link(url, "url"), "format": optional(filled, format, "format")}
        return await self.send(call_of("llmparse", _job, params))


def _messages(given: object, name: str) -> Parameter:
    if isinstance(given, str):
        if name == "messages" and given:
            return given
    elif isinstance(given, Sequence) and not isinstance(given, bytes | bytearray):
        items = cast("Sequence[Mapping[str, Parameter]]", given)
        if items and all(isinstance(item, Mapping) for item in items):
            return [dict(item) for item in items]

    raise ConfigurationError(
        f"{name} must be a list of dictionaries in OpenAI's form, and not an empty one."
    )


def _embedding(success: Success) -> Embedding:
    from .._shapes import Embedding  # noqa: PLC0415 - many programs never need it
    from .._success import finite, text  # noqa: PLC0415

    numbers = [finite(value) for value in success.items("embedding")]
    vector = tuple(value for value in numbers if value is not None)
    if len(vector) < len(numbers):
        success.lacks("embedding", "a list of numbers")

    return Embedding(
        vector,
        text(success.fields, "id"),
        success.beyond("embedding", "id"),
        success.meta,
    )


def _job(success: Success) -> Job:
    from .._shapes import Job  # noqa: PLC0415 - many programs never need it

    return Job(success.text("jobId"), success.beyond("jobId"), success.meta)
