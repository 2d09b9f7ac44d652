"""The order that a simulation is about: of an order of version 3, what routing depends on."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import uuid_utils.compat as uuid_utils
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from router.api import order_fields
from router.domain import STRATEGIES
from shared import wire
from shared.contracts import Delivery, OrderPlaced, OrderRow, Party, Quantity, Reference
from shared.problems import FieldError
from shared.rules import belonging
from shared.rules.belonging import BundledRow

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


def _open(schema: dict[str, Any]) -> None:
    schema.pop("additionalProperties", None)


class _Simulated(wire.WireModel):
    # What else an order has may stand there, so that any order can be tried as it is; any other name is a typo.
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=False,
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra=_open,
    )

    passed_over: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _pass_over(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        return {name: value for name, value in given.items() if name not in cls.passed_over}


class SimulatedRow(_Simulated):
    """A row; what else a row of an order may have is passed over."""

    passed_over = order_fields.OF_ROWS

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


class SimulatedReference(_Simulated):
    """A number of the order elsewhere."""

    name: Text = Field(default=None, description="PO binds the order to the receiver", examples=["PO"])
    value: Text = Field(default=None, description="The number", examples=["PO-1"])


class SimulatedMetadata(_Simulated):
    """Whom the order goes to."""

    passed_over = order_fields.OF_METADATA

    receiver_organization: Text = Field(
        default=None, description="The one supplier that may serve an order with a PO", examples=["0109357-9"]
    )


class SimulatedPreferences(_Simulated):
    """How the order is to be handled."""

    passed_over = order_fields.OF_PREFERENCES

    all_or_nothing: Flag = Field(
        default=None, description="Nothing unless all of it. Left out: as your routing settings say", examples=[False]
    )
    strategy: Annotated[Text, AfterValidator(_known)] = Field(
        default=None,
        description="How catalogues are chosen. Left out: as your routing settings say",
        examples=["priority"],
    )


class SimulatedOrder(_Simulated):
    """An order of version 3; only what routing depends on is read, so its rows alone are enough.

    What no order has is refused, and so is what an order would be refused for: bundles that cannot be, and an EAN that
    is not the product's.
    """

    passed_over = order_fields.OF_ORDERS

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
    bundled = [
        BundledRow(place, _number(row, place), row.parent_row_reference, row.external_warehouse_id, row.product_type)
        for place, row in enumerate(order.rows)
    ]
    for wrong in belonging.broken_bundles(bundled):
        yield FieldError(f"{under}.rows[{wrong.place}].{wrong.field}", wrong.code, wrong.message)


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
