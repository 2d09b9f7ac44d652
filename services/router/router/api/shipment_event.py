"""An event of a shipment as its supplier tells it. Glue names the address and nothing else, so the body is ours."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from router import domain
from router.api import shipment_change
from router.api.shipment_change import PlainText
from router.domain import Noted
from shared import problems, wire


def _value_of(status: object) -> object:
    """A status as text, or as shipments have it: `{"value": "Viewed"}`."""
    return status.get("value") if isinstance(status, Mapping) else status


def _known(status: str | None) -> str | None:
    if status is not None and status not in domain.STATUSES:
        raise PydanticCustomError("unknown_status", f"is none of {', '.join(domain.STATUSES)}")
    return status


class EventGiven(wire.WireModel):
    """What happened to a shipment: a `type`, a `status`, or both."""

    type: PlainText = Field(
        default=None, description="What happened, in the carrier's word; a status moves it", examples=["InTransit"]
    )
    status: Annotated[PlainText, BeforeValidator(_value_of), AfterValidator(_known)] = Field(
        default=None, description="The status the shipment has by that", examples=["Shipping"]
    )
    timestamp: Annotated[wire.Moment | None, shipment_change.NotGiven] = Field(
        default=None, description="When it happened; now, when it is not said", examples=["2026-01-02T12:00:00Z"]
    )
    comment: shipment_change.LongText = Field(
        default=None, description="More about it, for people; of an `Error` the reason", examples=["Label unreadable"]
    )
    location: PlainText = Field(default=None, description="Where it happened", examples=["Tampere"])
    parcel_id: PlainText = Field(default=None, description="The parcel it is about", examples=["1"])

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.type is None and self.status is None:
            raise PydanticCustomError("says_nothing", "needs a type or a status")
        return self


def read(body: bytes) -> EventGiven:
    """An event as it was sent. 400 with every failing field."""
    try:
        return EventGiven.model_validate_json(body)
    except ValidationError as error:
        raise shipment_change.invalid(problems.field_errors(error)) from None


def noted(given: EventGiven, at: datetime) -> Noted:
    """What is noted of a shipment. A type that is a status says the status as well."""
    status = given.status or (given.type if given.type in domain.STATUSES else None)
    return Noted(
        type=given.type or given.status or "",
        status=status,
        at=given.timestamp or at,
        comment=given.comment,
        location=given.location,
        parcel_id=given.parcel_id,
    )
