"""What a supplier rejects of a shipment, as it says so. The address and the body are ours."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from router import domain
from router.api import shipment_change
from router.api.shipment_change import Identifier, LongText, NotGiven
from router.domain import RejectedRow
from shared import problems, wire


def _some(rows: tuple[object, ...]) -> tuple[object, ...]:
    """Checked afterwards: a row that is wrong counts as none while they are read."""
    if not rows:
        raise PydanticCustomError("too_short", "names at least one row")
    return rows


class RejectedRowGiven(wire.WireModel):
    """A row that cannot be sent, or a part of it."""

    external_id: Identifier = Field(description="The row's id in the order", examples=["1"])
    quantity: Annotated[Annotated[shipment_change.Quantity, Field(gt=0)] | None, NotGiven] = Field(
        default=None, description="How much of it is not sent; without it, nothing of the row is", examples=[2]
    )


class RejectionGiven(wire.WireModel):
    """What of a shipment its supplier does not send."""

    rows: Annotated[
        tuple[RejectedRowGiven, ...], Field(max_length=domain.MOST_PACKED, fail_fast=True), AfterValidator(_some)
    ] = Field(description="The rows, each once, and at least one", json_schema_extra={"minItems": 1})
    reason: LongText = Field(
        default=None, description="Why, for the retailer; it is noted as an event", examples=["Broken on the shelf"]
    )


def read(body: bytes) -> RejectionGiven:
    """A rejection as it was sent. 400 with every failing field."""
    try:
        return RejectionGiven.model_validate_json(body)
    except ValidationError as error:
        raise shipment_change.invalid(problems.field_errors(error)) from None


def rows(given: RejectionGiven) -> tuple[RejectedRow, ...]:
    """The rows that are rejected."""
    return tuple(RejectedRow(row.external_id, row.quantity) for row in given.rows)
