"""The service itself: its state, and endpoints by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import evolve

from .._endpoint import API, ENDPOINTS, LLM, find
from .._errors import ConfigurationError
from .._protocol import Call, Parameter, Unlinked
from .._results import Answer, ServiceStatus
from .._sources import Source, as_source
from .._success import Success
from ._group import Group, answer, call_to


class Service(Group):
    """Endpoints that are about PixLab, and the way to those without a method."""

    async def status(self) -> ServiceStatus:
        """Ask PixLab whether all is well. Needs no key.

        Returns:
            The service's message. It is only returned when all is well.

        Raises:
            ServerFailed: The service says that it is in trouble, and which.
            PixLabError: Any other failure, see the error tree.

        Source: https://pixlab.io/endpoints/status
        """
        return await self.send(Call(ENDPOINTS["status"], _status))

    async def call(
        self,
        name: str,
        params: Mapping[str, Parameter] | None = None,
        *,
        source: Source | None = None,
        method: Literal["GET", "POST"] | None = None,
        repeatable: bool | None = None,
        host: Literal["api", "llm"] | None = None,
    ) -> Answer:
        """Call any endpoint by its name, without types: for those that have no method yet.

        Args:
            name: The endpoint's name, such as "oilpaint".
            params: Its parameters, without the key. None means "not sent".
            source: A picture: a link goes as the parameter ``img``, anything else is
                uploaded as the field ``file``; or stored for the call, and deleted after it,
                where the endpoint is known to take links alone.
            method: GET sends a query, POST a JSON object (an upload is always a form);
                default: what the endpoint prefers, GET where that is not known.
            repeatable: Whether it may be sent again when the first attempt may have
                worked; default: what is known of the endpoint, else no.
            host: The host of the service, "llm" for one of language models such as "chat";
                default: what is known of the endpoint, else "api".

        Returns:
            Every field of the reply.

        Raises:
            ConfigurationError: Name or parameters cannot be sent.
            PixLabError: Any other failure, see the error tree.
        """
        endpoint = find(name)
        if repeatable is not None:
            endpoint = evolve(endpoint, repeatable=repeatable)
        if host is not None:
            endpoint = evolve(endpoint, host=LLM if host == "llm" else API)
        fields = dict(params or {})
        if "key" in fields:
            fields, params = {}, None  # the frame of the error must not hold it
            raise ConfigurationError("The key is no parameter: pass api_key= to the client.")

        if source is None:
            return await self.send(Call(endpoint, answer, fields, method=method))

        sent: dict[str, Unlinked] = {**fields, "img": as_source(source)}
        return await self.send(call_to(endpoint, answer, sent, method=method))


def _status(success: Success) -> ServiceStatus:
    payload = success.fields.get("payload")
    return ServiceStatus(
        payload if isinstance(payload, str) else None, success.beyond("payload"), success.meta
    )
