"""Which return a request is about."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from router.api.return_shown import EXAMPLE
from router.api.shipment_requests import Answers
from router.domain.returns import Return
from router.store import returns
from shared import problems
from shared.postgres import Transaction

ReturnId = Annotated[str, Path(description="The return's id, made by Sluice", examples=[EXAMPLE])]

TAGGED: Answers = {
    200: {
        "headers": {
            "ETag": {"description": "The return's version", "schema": {"type": "string"}, "example": '"2"'},
        }
    }
}
"""How an answer with a whole return is described."""


async def find(tx: Transaction, return_id: str) -> Return:
    """The return, 404 when there is none that the caller may see."""
    try:
        found = await returns.return_called(tx, UUID(return_id))
    except ValueError:
        found = None
    if found is None:
        raise problems.not_found(f"return {return_id}")
    return found
