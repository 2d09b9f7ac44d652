"""What whoever lists shipments or returns may ask of both: as whom, in which statuses, changed since when."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal, TypeVar

from fastapi import Query

from router.api.shipment_change import NotGiven
from shared import problems, wire
from shared.auth import Caller
from shared.problems import FieldError

Status = TypeVar("Status", bound=str)

OVERLAP = timedelta(seconds=2)
"""What is listed is seen once the transaction that made or changed it has ended, and bears the moment when that
began."""

ChangedFrom = Annotated[
    wire.Moment | None,
    Query(
        alias="updatedFrom",
        description="Changed at this moment or later. What changed up to two seconds before is listed as well,"
        " because it may not have been visible then",
        examples=["2026-01-02T00:00:00Z"],
    ),
    NotGiven,
]
Role = Annotated[
    Literal["RETAILER", "SUPPLIER"] | None,
    Query(description="As whom, for an organisation that is both; without it, as a supplier"),
    NotGiven,
]


def is_supplier(caller: Caller, role: Literal["RETAILER", "SUPPLIER"] | None) -> bool:
    """Whether the caller asks as a supplier, and not as a retailer."""
    return role == "SUPPLIER" if role else "supplier" in caller.roles


def statuses(listed: str, known: Sequence[Status]) -> tuple[Status, ...] | None:
    """Those of the known statuses that are in a comma list, None for all. 400 for others."""
    named = [status for part in listed.split(",") if (status := part.strip())]
    unknown = [status for status in named if status not in known]
    if unknown:
        raise problems.invalid(FieldError("status", "unknown_status", f"{name} is no status") for name in unknown)
    return tuple(status for status in known if status in named) or None
