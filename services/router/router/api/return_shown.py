"""A return as it is answered to either side."""

from typing import Any, Literal

from fastapi import Response
from pydantic import Field

from router.domain import returns, way_back
from router.domain.returns import Condition, Finding, GoesTo, Reason, Return, ReturnedRow
from router.tracking.following import Following
from shared import wire
from shared.contracts import Party, ReturnStatus

EXAMPLE = "019c1f30-5a00-7c44-8d11-6f0e2b9a7c55"


class ReturnStatusShown(wire.WireModel):
    """How far it is, and since when."""

    value: ReturnStatus = Field(
        description="`Registered`; then `Received` or `Cancelled`, which are final", examples=["Registered"]
    )
    timestamp: wire.Moment = Field(description="Since when", examples=["2026-01-12T08:00:00.000Z"])
    reason: str | None = Field(default=None, description="Why it was cancelled, if anybody said")


class FindingShown(wire.WireModel):
    """What the receiver found of a row, in one condition."""

    quantity: wire.Number = Field(description="How much", examples=[1])
    restocked: bool = Field(description="Whether it went back on the supplier's shelf", examples=[True])
    condition: Condition | None = Field(default=None, description="In which condition it is", examples=["Unopened"])
    comment: str | None = Field(default=None, description="More about it, for people")


class ReturnedRowShown(wire.WireModel):
    """What of a row comes back."""

    external_id: str = Field(description="The row's id in the order", examples=["1"])
    item_id: str = Field(description="The supplier's product id", examples=["BOOTS-42"])
    product_ean_code: str | None = Field(
        default=None, alias="productEANCode", description="EAN of the product", examples=["6419835068484"]
    )
    product_description: str | None = Field(
        default=None, description="What the delivery note called it", examples=["Fishing boots"]
    )
    product_unit_of_measure: str | None = Field(default=None, description="What is counted", examples=["KPL"])
    quantity: wire.Number = Field(description="How much was registered", examples=[2])
    reason: Reason = Field(description="Why", examples=["DoesNotFit"])
    comment: str | None = Field(default=None, description="More about it, for people")
    received_quantity: wire.Number = Field(description="How much came; 0 until it is received", examples=[2])
    restocked_quantity: wire.Number = Field(description="How much of that went back on the shelf", examples=[1])
    findings: tuple[FindingShown, ...] = Field(default=(), description="What its receiver found of it")


class ReturnAddressShown(wire.WireModel):
    """Where goods come back to."""

    name: str | None = Field(default=None, description="A company or a person", examples=["Supplier Oy, returns"])
    street_address: str | None = Field(default=None, description="Street and number", examples=["Varastokatu 3"])
    postal_code: str | None = Field(default=None, description="Postal code", examples=["33100"])
    post_office: str | None = Field(default=None, description="Town", examples=["Tampere"])
    country: str | None = Field(default=None, description="Country, in two letters", examples=["FI"])
    telephone: str | None = Field(default=None, description="Telephone", examples=["+358501234567"])
    email: str | None = Field(default=None, description="E-mail address", examples=["returns@example.com"])


class ReturnDocumentShown(wire.WireModel):
    """A paper of a return."""

    type: Literal["label"] = Field(description="`label`: the address label of the parcel", examples=["label"])
    uri: str = Field(
        description="Where to get it, on the same host and with the same token",
        examples=[f"/ecommerce/v3/returns/{EXAMPLE}/label"],
    )


class ReturnShown(wire.WireModel):
    """What comes back of a shipment."""

    return_id: str = Field(description="The return's id, made by Sluice", examples=[EXAMPLE])
    external_id: str | None = Field(
        default=None, description="The number that whoever registered it gave it", examples=["RMA-17"]
    )
    shipment_id: str = Field(
        description="The shipment it was delivered with", examples=["019b7d62-e400-8f5c-93ad-27c2f1a5d3b0"]
    )
    order_external_id: str = Field(description="The order's number, as its shop gave it", examples=["BAR1"])
    retailer_id: str = Field(description="Business id of the retailer", examples=["1531864-4"])
    supplier_id: str = Field(description="Business id of the supplier", examples=["0109357-9"])
    external_warehouse_id: str = Field(description="The catalogue it was sent from", examples=["01093579"])
    registered_by: str = Field(
        description="Business id of the one of the two who registered it", examples=["1531864-4"]
    )
    status: ReturnStatusShown = Field(description="How far it is")
    complete: bool | None = Field(
        default=None, description="Whether all of it came; left out until it is received", examples=[True]
    )
    created_date: wire.Moment = Field(description="When it was registered", examples=["2026-01-12T08:00:00.000Z"])
    update_date: wire.Moment = Field(description="When it last changed", examples=["2026-01-12T08:00:00.000Z"])
    comment: str | None = Field(default=None, description="What whoever registered it said of all of it")
    receipt_comment: str | None = Field(default=None, description="What its receiver said of all that came")
    rows: tuple[ReturnedRowShown, ...] = Field(description="What comes back")
    goes_to: GoesTo = Field(description="Who takes it back: `SUPPLIER` or `RETAILER`", examples=["SUPPLIER"])
    return_address: ReturnAddressShown | None = Field(default=None, description="Where it goes, if anybody said")
    delivery_operator: str | None = Field(default=None, description="Who carries it", examples=["Posti"])
    service_code: str | None = Field(default=None, description="The carrier's service", examples=["2108"])
    tracking_codes: tuple[str, ...] = Field(
        default=(), description="The codes it is followed by", examples=[["JJFI65432100000000224"]]
    )
    tracking_links: tuple[str, ...] | None = Field(
        default=None,
        description="Where the carrier shows where it is, for each code; left out when no such address is known",
        examples=[["https://www.posti.fi/fi/seuranta#/lahetys/JJFI65432100000000224"]],
    )
    documents: tuple[ReturnDocumentShown, ...] = Field(default=(), description="Its label, if there is one")


def answer(returned: Return, followed: Following) -> Response:
    """A return, with its version as ETag."""
    return wire.answer(shown(returned, followed), headers={"ETag": f'"{returned.version}"'})


def shown(returned: Return, followed: Following) -> ReturnShown:
    """A return in the shape it is answered in."""
    labelled = way_back.why_no_return_label(returned) is None
    return ReturnShown(
        return_id=str(returned.return_id),
        external_id=returned.reference,
        shipment_id=str(returned.shipment_id),
        order_external_id=returned.order_external_id,
        retailer_id=returned.retailer_id,
        supplier_id=returned.supplier_id,
        external_warehouse_id=returned.catalogue_id,
        registered_by=returned.registered_by,
        status=ReturnStatusShown(value=returned.status, timestamp=returned.status_at, reason=returned.status_reason),
        complete=returned.complete if returned.status == returns.RECEIVED else None,
        created_date=returned.created_at,
        update_date=returned.updated_at,
        comment=returned.comment,
        receipt_comment=returned.receipt_comment,
        rows=tuple(_row(row) for row in returned.rows),
        goes_to=returned.goes_to,
        return_address=None if returned.return_address is None else _address(returned.return_address),
        delivery_operator=returned.delivery_operator,
        service_code=returned.service_code,
        tracking_codes=returned.tracking_codes,
        tracking_links=followed.links_of(way_back.parcel_of(returned)) or None,
        documents=(_label(returned),) if labelled else (),
    )


def _row(row: ReturnedRow) -> ReturnedRowShown:
    said: dict[str, Any] = {"productEANCode": row.ean}
    return ReturnedRowShown(
        external_id=row.row_id,
        item_id=row.product_id,
        product_description=row.description,
        product_unit_of_measure=row.unit,
        quantity=row.quantity,
        reason=row.reason,
        comment=row.comment,
        received_quantity=row.received,
        restocked_quantity=row.restocked,
        findings=tuple(_finding(found) for found in row.findings),
        **said,
    )


def _finding(found: Finding) -> FindingShown:
    return FindingShown(
        quantity=found.quantity, restocked=found.restocked, condition=found.condition, comment=found.comment
    )


def _address(party: Party) -> ReturnAddressShown:
    return ReturnAddressShown(**party.model_dump(exclude={"external_id"}))


def _label(returned: Return) -> ReturnDocumentShown:
    return ReturnDocumentShown(type="label", uri=f"/ecommerce/v3/returns/{returned.return_id}/label")
