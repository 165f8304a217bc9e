"""The parameters of a request, checked: what the functions that compute are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen


@frozen
class Given:
    """Values by the vendor's names, of the documented types and in the documented ranges.

    Documented defaults are filled in; what was left out and has none is absent.

    Attributes:
        values: The values.
    """

    values: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def number(self, name: str, default: float = 0.0) -> float:
        """A float or integer parameter."""
        return float(self.values.get(name, default))

    def whole(self, name: str, default: int = 0) -> int:
        """An integer parameter."""
        return int(self.values.get(name, default))

    def text(self, name: str, default: str = "") -> str:
        """A string, url, format or color parameter."""
        return str(self.values.get(name, default))

    def truth(self, name: str, *, default: bool = False) -> bool:
        """A boolean parameter."""
        return bool(self.values.get(name, default))

    def items(self, name: str) -> list[dict[str, Any]]:
        """An array parameter: its entries, with values of the documented types."""
        return list(self.values.get(name, ()))
