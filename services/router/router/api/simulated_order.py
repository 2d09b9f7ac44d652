"""The order that a simulation is about: of an order of version 3, what routing depends on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import uuid_utils.compat as uuid_utils
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from router.domain import STRATEGIES
from shared import wire
from shared.contracts import Delivery, OrderPlaced, OrderRow, Party, Quantity, Reference
from shared.problems import FieldError

MOST_ROWS = 200


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _known(strategy: str | None) -> str | None:
    if strategy is not None and strategy not in STRATEGIES:
        raise ValueError(f"is one of {', '.join(STRATEGIES)}")
    return strategy


NotGiven = BeforeValidator(_none_if_blank)
Text = Annotated[Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")] | None, NotGiven]
Flag = Annotated[bool | None, NotGiven]


class SimulatedRow(wire.WireModel):
    """A row; everything else that a row of an order may have is passed over."""

    external_id: Text = Field(default=None, description="The row's number; its place when left out", examples=["1"])
    external_product_id: Text = Field(
        default=None, description="The product, by its supplier's id. This or the EAN is required", examples=["BAR-1"]
    )
    product_ean_code: Text = Field(
        default=None, alias="productEANCode", description="The product, by its EAN", examples=["6419835068484"]
    )
    quantity: Annotated[Quantity, Field(gt=0)] = Field(description="How many units: more than nothing", examples=[3])
    external_warehouse_id: Text = Field(default=None, description="This catalogue only", examples=["01093579"])
    back_order: Flag = Field(default=None, description="May wait for stock. Left out: no", examples=[False])
    mandatory: Flag = Field(default=None, description="Nothing goes without it. Left out: no", examples=[False])
    partial_delivery_allowed: Flag = Field(
        default=None, description="False: whole from one catalogue, or not at all. Left out: true", examples=[True]
    )
    parent_row_reference: Text = Field(
        default=None, description="Ships as a bundle with the row of this number", examples=["2"]
    )
    product_type: Text = Field(
        default=None, description="serviceProduct or costProduct for what needs no stock", examples=["serviceProduct"]
    )


class SimulatedReference(wire.WireModel):
    """A number of the order elsewhere."""

    name: Text = Field(default=None, description="PO binds the order to the receiver", examples=["PO"])
    value: Text = Field(default=None, description="The number", examples=["PO-1"])


class SimulatedMetadata(wire.WireModel):
    """Whom the order goes to."""

    receiver_organization: Text = Field(
        default=None, description="The one supplier that may serve an order with a PO", examples=["0109357-9"]
    )


class SimulatedPreferences(wire.WireModel):
    """How the order is to be handled."""

    all_or_nothing: Flag = Field(
        default=None, description="Nothing unless all of it. Left out: as your routing settings say", examples=[False]
    )
    strategy: Annotated[Text, AfterValidator(_known)] = Field(
        default=None,
        description="How catalogues are chosen. Left out: as your routing settings say",
        examples=["priority"],
    )


class SimulatedOrder(wire.WireModel):
    """An order of version 3; only what routing depends on is read, so its rows alone are enough."""

    rows: Annotated[tuple[SimulatedRow, ...], Field(max_length=MOST_ROWS)] = Field(description="What is ordered")
    references: Annotated[tuple[SimulatedReference, ...], Field(max_length=50)] | None = Field(
        default=None, description="Its numbers elsewhere"
    )
    metadata: SimulatedMetadata | None = Field(default=None, description="Whom it goes to")
    preferences: SimulatedPreferences | None = Field(default=None, description="How it is to be handled")


def contradictions(order: SimulatedOrder, under: str) -> Iterator[FieldError]:
    """What is wrong between the rows, each of which may be right by itself."""
    if not order.rows:
        yield FieldError(f"{under}.rows", "too_short", "has at least one row")
    first: dict[str, int] = {}
    for place, row in enumerate(order.rows):
        at = f"{under}.rows[{place}]"
        if row.external_product_id is None and row.product_ean_code is None:
            yield FieldError(f"{at}.externalProductId", "missing", "this or productEANCode is required")
        if first.setdefault(_number(row, place), place) != place:
            earlier = first[_number(row, place)]
            yield FieldError(f"{at}.externalId", "duplicate", f"is the number of rows[{earlier}] already")
    for place, row in enumerate(order.rows):
        if row.parent_row_reference is not None and row.parent_row_reference not in first:
            yield FieldError(f"{under}.rows[{place}].parentRowReference", "unknown", "is the number of no row")


def placed(order: SimulatedOrder, retailer_id: str) -> OrderPlaced:
    """The order as the router would hear of it, placed now."""
    now = datetime.now(UTC)
    preferences = order.preferences or SimulatedPreferences()
    references = order.references or ()
    return OrderPlaced(
        order_id=uuid_utils.uuid7(),
        retailer_id=retailer_id,
        external_id="simulated",
        placed_at=now,
        receiver=order.metadata.receiver_organization if order.metadata else None,
        all_or_nothing=preferences.all_or_nothing,
        strategy=preferences.strategy,
        delivery=Delivery(
            references=tuple(Reference(name=one.name, value=one.value or "") for one in references if one.name),
            order_date=now,
            delivery_address=Party(),
        ),
        rows=tuple(_row(row, place) for place, row in enumerate(order.rows)),
    )


def _row(row: SimulatedRow, place: int) -> OrderRow:
    return OrderRow(
        external_id=_number(row, place),
        product_id=row.external_product_id,
        ean=row.product_ean_code,
        quantity=row.quantity,
        catalogue_id=row.external_warehouse_id,
        back_order=bool(row.back_order),
        mandatory=bool(row.mandatory),
        partial_delivery_allowed=row.partial_delivery_allowed is not False,
        parent=row.parent_row_reference,
        product_type=row.product_type,
    )


def _number(row: SimulatedRow, place: int) -> str:
    return row.external_id or str(place + 1)
