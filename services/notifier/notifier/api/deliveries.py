"""The delivery log: what was sent to whom, and what mail servers said."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from notifier import domain, store
from notifier.domain import State
from shared import auth, wire
from shared.postgres import Database, Record

router = APIRouter(prefix="/ecommerce/v3/notifications", tags=["notifications"])

Party = Annotated[auth.Caller, Depends(auth.caller_with("supplier", "retailer"))]

ABOUT_SHIPMENTS = frozenset({domain.NEW_SHIPMENT, domain.REMINDER, domain.PAPERS, domain.CANCELLED, domain.RETURN})
ABOUT_ORDERS = ABOUT_SHIPMENTS | {domain.STOCK_CORRECTED, domain.UNROUTABLE}


class Bounce(wire.WireModel):
    """Where a mail came back from, and why."""

    email: Annotated[str, Field(description="The address it came back from", examples=["orders@supplier.example"])]
    status: Annotated[str, Field(description="Why, as RFC 3463 numbers it", examples=["5.1.1"])]
    answer: Annotated[str | None, Field(description="What the address's own mail server said")]
    noted_at: Annotated[wire.Moment, Field(description="When it was read that it came back")]


class Delivery(wire.WireModel):
    """One mail, from being due to the mail server's last word."""

    id: Annotated[int, Field(description="Its number in your log")]
    kind: Annotated[
        str,
        Field(
            description="What it is about: new-shipment · reminder: of one that was not opened yet · papers: of a"
            " parcel · cancelled · stock-corrected · unroutable · return · weekly-summary · webhook-paused: nothing"
            " is sent to a webhook of yours any more · digest: several of these in one mail"
        ),
    ]
    shipment_id: Annotated[UUID | None, Field(description="The shipment it is about")]
    order_external_id: Annotated[
        str | None, Field(description="The retailer's number of the order", examples=["A-1001"])
    ]
    retailer_id: Annotated[str | None, Field(description="The retailer's business id", examples=["1531864-4"])]
    state: Annotated[
        State,
        Field(
            description="waiting: for your address · pending: to be tried · sending · sent: the mail server has it ·"
            " refused: it will not be tried again · not wanted: by your settings, or no longer so when it was to go"
        ),
    ]
    recipients: Annotated[tuple[str, ...], Field(description="Whom the last try was for")]
    reached: Annotated[tuple[str, ...], Field(description="For whom the mail server has taken it")]
    bounced: Annotated[
        tuple[str, ...] | None,
        Field(description="From whom it came back afterwards; left out when it came back from nobody"),
    ]
    bounces: Annotated[
        tuple[Bounce, ...] | None, Field(description="Why it came back, of each address; left out when it did not")
    ]
    digest_id: Annotated[int | None, Field(description="The entry of the digest that carries it")]
    subject: Annotated[str | None, Field(description="Its subject, once it was written")]
    message_id: Annotated[str, Field(description="The same in every copy that may arrive")]
    attempts: Annotated[int, Field(description="How often it was tried")]
    answer: Annotated[str | None, Field(description="What the mail server said last")]
    created_at: Annotated[wire.Moment, Field(description="When it was due")]
    sent_at: Annotated[wire.Moment | None, Field(description="When the mail server took it")]
    next_at: Annotated[wire.Moment | None, Field(description="When it is tried next")]


@router.get(
    "",
    summary="List the mails sent to you",
    description="Your delivery log, newest first: every mail with its state, its tries and the mail server's answer.",
    response_model=wire.Page[Delivery],
)
async def list_deliveries(
    request: Request, caller: Party, asked: Annotated[wire.PageRequest, Depends(wire.page_request(100))]
) -> Response:
    """A page of the caller's delivery log."""
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        rows = await store.mails_page(tx, caller.organisation, asked.offset, asked.size)
        total = await store.count_mails(tx, caller.organisation)
    content = [_shown(row) for row in rows]
    return wire.answer(wire.page_of(content, total, asked, request.url))


def _shown(row: Record) -> Delivery:
    known = {field: row[field] for field in Delivery.model_fields}
    known["bounced"] = row["bounced"] or None
    if row["kind"] not in ABOUT_SHIPMENTS:
        known["shipment_id"] = None
    if row["kind"] not in ABOUT_ORDERS:
        known |= dict.fromkeys(("order_external_id", "retailer_id"))
    return Delivery.model_validate(known)
