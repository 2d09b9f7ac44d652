"""What is said of a return: that something comes back, what of it came, or that it is not coming."""

from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from router.api import shipment_change
from router.api.letterheads import Country, Line, Lines
from router.api.shipment_change import Flag, Identifier, LongText, NotGiven, PlainText
from router.domain import way_back
from router.domain.moving import Wrong
from router.domain.returning import MOST_ENTRIES, Found, Wanted
from router.domain.returns import TO_SUPPLIER, Condition, GoesTo, Reason
from shared import problems, wire
from shared.contracts import Party

Given = TypeVar("Given", bound=wire.WireModel)

Quantity = Annotated[Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=6)] | None, NotGiven]


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _some(rows: tuple[object, ...]) -> tuple[object, ...]:
    """Checked afterwards: a row that is wrong counts as none while they are read."""
    if not rows:
        raise PydanticCustomError("too_short", "names at least one row")
    return rows


class AddressGiven(wire.WireModel):
    """Where goods come back to: at least a name, a street and a town."""

    name: Lines = Field(default=None, description="A company or a person", examples=["Supplier Oy, returns"])
    street_address: Lines = Field(default=None, description="Street and number", examples=["Varastokatu 3"])
    postal_code: Line = Field(default=None, description="Postal code", examples=["33100"])
    post_office: Line = Field(default=None, description="Town", examples=["Tampere"])
    country: Country = Field(default=None, description="Country, in two letters", examples=["FI"])
    telephone: Line = Field(default=None, description="Telephone", examples=["+358501234567"])
    email: Line = Field(default=None, description="E-mail address", examples=["returns@example.com"])


class ReturnRowGiven(wire.WireModel):
    """A row of which something comes back, named by `externalId`, `itemId`, or both."""

    external_id: PlainText = Field(default=None, description="The row's id in the order", examples=["1"])
    item_id: PlainText = Field(default=None, description="The supplier's product id", examples=["BOOTS-42"])
    quantity: Quantity = Field(
        default=None, description="How much of it; without it, all that was delivered and is not returned", examples=[1]
    )
    reason: Annotated[Reason, BeforeValidator(_stripped)] = Field(description="Why", examples=["DoesNotFit"])
    comment: LongText = Field(default=None, description="More about it, for people", examples=["Too small"])


class ReturnGiven(wire.WireModel):
    """What comes back of a shipment."""

    shipment_id: Identifier = Field(
        description="The shipment it was delivered with; an order's rows name theirs in `shipmentIds`",
        examples=["019b7d62-e400-8f5c-93ad-27c2f1a5d3b0"],
    )
    external_id: PlainText = Field(
        default=None, description="A number of your own for the return; printed on its label", examples=["RMA-17"]
    )
    rows: Annotated[tuple[ReturnRowGiven, ...], Field(max_length=MOST_ENTRIES), AfterValidator(_some)] = Field(
        description="What comes back, each row once, and at least one", json_schema_extra={"minItems": 1}
    )
    comment: LongText = Field(default=None, description="More about all of it, for people")
    delivery_operator: PlainText = Field(
        default=None, description="Who carries it; without it, the carrier that brought it", examples=["Posti"]
    )
    service_code: PlainText = Field(
        default=None,
        description="By which of the services that are offered; without it, the carrier's first one for returns",
        examples=["2108"],
    )
    tracking_codes: Annotated[tuple[Identifier, ...], Field(max_length=100, fail_fast=True)] | None = Field(
        default=None,
        description="Codes of a label that the customer has already; Sluice makes none then",
        examples=[["JJFI65432100000000224"]],
    )
    goes_to: Annotated[GoesTo | None, BeforeValidator(_upper), NotGiven] = Field(
        default=None,
        description="Who takes it back, and says what came: the `SUPPLIER` that sent it, which may put it back on its"
        " shelf, or the `RETAILER`; without it, the supplier",
        examples=[TO_SUPPLIER],
    )
    return_address: Annotated[AddressGiven | None, NotGiven] = Field(
        default=None,
        description="Where it goes, with `name`, `streetAddress` and `postOffice`. Without it there is no label to a"
        " supplier, whose address Sluice does not know; a return to the retailer goes to the sender on the label it"
        " came with: that of the order, else of the retailer's letterhead, else the order's vendor",
    )


class ReceivedRowGiven(wire.WireModel):
    """What came of a row, in one condition; a row in several conditions is named as often."""

    external_id: PlainText = Field(default=None, description="The row's id in the order", examples=["1"])
    item_id: PlainText = Field(default=None, description="The supplier's product id", examples=["BOOTS-42"])
    quantity: Quantity = Field(
        default=None, description="How much came; without it, all that no entry before this one names", examples=[1]
    )
    restock: Flag = Field(
        default=None,
        description="Whether it goes back on the shelf of the supplier, if that receives it: then it is available"
        " again, first to who waits. Not for what is `Wrong`",
        examples=[True],
    )
    condition: Annotated[Condition | None, BeforeValidator(_stripped), NotGiven] = Field(
        default=None, description="In which condition it is", examples=["Unopened"]
    )
    comment: LongText = Field(default=None, description="More about it, for people", examples=["The box is torn"])


class ReceiptGiven(wire.WireModel):
    """What of a return has come. A row that is not named did not."""

    rows: Annotated[tuple[ReceivedRowGiven, ...], Field(max_length=MOST_ENTRIES), AfterValidator(_some)] = Field(
        description="What came, and at least something", json_schema_extra={"minItems": 1}
    )
    comment: LongText = Field(default=None, description="More about all of it, for people")


class ReturnCancellationGiven(wire.WireModel):
    """That a return is not coming."""

    reason: LongText = Field(default=None, description="Why, for the other side", examples=["The customer keeps it"])


def read(model: type[Given], body: bytes) -> Given:
    """A body as it was sent. 400 with up to a hundred failing fields."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise shipment_change.invalid(problems.field_errors(error)) from None


def wanted(given: ReturnGiven) -> list[Wanted]:
    """What is to come back."""
    return [
        Wanted(
            reason=row.reason,
            row_id=row.external_id,
            item_id=row.item_id,
            quantity=row.quantity,
            comment=row.comment,
        )
        for row in given.rows
    ]


def found(given: ReceiptGiven) -> list[Found]:
    """What came."""
    return [
        Found(
            row_id=row.external_id,
            item_id=row.item_id,
            quantity=row.quantity,
            restock=row.restock or False,
            condition=row.condition,
            comment=row.comment,
        )
        for row in given.rows
    ]


def address(given: AddressGiven | None) -> Party | None:
    """An address; None when nothing of one is said."""
    said = {} if given is None else given.model_dump(exclude_none=True)
    return Party(**said) if said else None


def wrong_address(given: AddressGiven | None) -> list[Wrong]:
    """What an address lacks that no parcel arrives without; nothing when there is none."""
    party = address(given)
    missing = () if party is None else way_back.missing_of(party)
    return [Wrong(f"returnAddress.{to_camel(name)}", "missing", "is required in an address") for name in missing]
