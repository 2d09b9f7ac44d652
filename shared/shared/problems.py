"""What is wrong with a request, in the one shape that every error has on the wire (glue-api.md A.3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

Location = Sequence[int | str]


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong: the field as the client wrote it (`rows[0].quantity`), a code, and a sentence."""

    field: str
    code: str
    message: str

    def as_json(self) -> dict[str, str]:
        """The error as it is answered."""
        return {"field": self.field, "code": self.code, "message": self.message}


class Refused(Exception):
    """The request is answered with an error; nothing was changed."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def invalid(errors: Iterable[FieldError]) -> Refused:
    """400 with every failing field."""
    found = tuple(errors)
    return Refused(400, "; ".join(f"{e.field}: {e.message}" for e in found[:5]) or "The request is not valid", found)


def not_found(what: str) -> Refused:
    """404: there is none, or it belongs to someone else, which is not told apart."""
    return Refused(404, f"There is no {what}")


def conflict(message: str) -> Refused:
    """409: it contradicts what is stored."""
    return Refused(409, message)


def body(status: int, message: str, path: str, errors: Iterable[FieldError] = ()) -> dict[str, Any]:
    """An error's body."""
    return {
        "timestamp": timestamp(datetime.now(UTC)),
        "status": status,
        "error": HTTPStatus(status).phrase,
        "message": message,
        "path": path,
        "errors": [error.as_json() for error in errors],
    }


def field_errors(error: ValidationError, *, under: str = "") -> list[FieldError]:
    """Every failing field of a pydantic validation, named as the client wrote it."""
    return [
        from_pydantic(found["loc"], found["type"], found["msg"], under=under)
        for found in error.errors(include_input=False)
    ]


def from_pydantic(location: Location, kind: str, message: str, *, under: str = "") -> FieldError:
    """One failing field, in our words where pydantic's are about Python rather than about the request."""
    plain = {
        "missing": "is required",
        "json_invalid": f"is not valid JSON: {message.removeprefix('Invalid JSON: ')}",
        "extra_forbidden": "is not a known field",
    }
    text = plain.get(kind, message.removeprefix("Value error, "))
    return FieldError(path_of(location, under=under) or "body", kind, text)


def path_of(location: Location, *, under: str = "") -> str:
    """`("rows", 0, "quantity")` as `rows[0].quantity`."""
    path = under
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path


def timestamp(moment: datetime) -> str:
    """A moment as it is answered: Zulu time with milliseconds (glue-api.md A.3)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
