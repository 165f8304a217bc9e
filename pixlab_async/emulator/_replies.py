"""What the emulator answers with: success and refusal, in the service's form."""

from __future__ import annotations

from starlette.responses import JSONResponse


class Refused(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def answer(**fields: object) -> JSONResponse:
    """A reply of success."""
    return JSONResponse({**fields, "status": 200})


def refusal(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A reply of failure, the same status in HTTP and in the body."""
    return JSONResponse({"status": status, "error": message}, status, headers)
