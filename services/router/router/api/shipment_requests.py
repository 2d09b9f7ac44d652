"""Which shipment a request is about, and who asks."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Path, Request

from router import store
from router.domain import Shipment
from shared import auth, problems
from shared.postgres import Database, Transaction

Supplier = Annotated[auth.Caller, Depends(auth.caller_with("supplier"))]
Party = Annotated[auth.Caller, Depends(auth.caller_with("supplier", "retailer"))]
ShipmentId = Annotated[
    str,
    Path(description="The shipment's id, made by Sluice", examples=["019b7d62-e400-8f5c-93ad-27c2f1a5d3b0"]),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The ETag of the version that is to be changed; when it has changed since, nothing is. Without it"
        " the change is made onto whatever is there",
        examples=['"3"'],
    ),
]

Answers = dict[int | str, dict[str, Any]]

TAGGED: Answers = {
    200: {
        "headers": {
            "ETag": {"description": "The shipment's version", "schema": {"type": "string"}, "example": '"3"'},
        }
    }
}
"""How an answer with a whole shipment is described."""


def database(request: Request) -> Database:
    """The service's database."""
    found: Database = request.app.state.database
    return found


async def find(tx: Transaction, shipment_id: str) -> Shipment:
    """The shipment, 404 when there is none that the caller may see."""
    try:
        found = await store.shipment(tx, UUID(shipment_id))
    except ValueError:
        found = None
    if found is None:
        raise problems.not_found(f"shipment {shipment_id}")
    return found
