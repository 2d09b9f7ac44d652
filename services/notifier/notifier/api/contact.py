"""The supplier's own settings: where to write to, about what, and in which language."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AfterValidator, Field

from notifier import domain, store
from notifier.domain import Language
from shared import auth, edge, wire
from shared.postgres import Database

router = APIRouter(prefix="/ecommerce/v3/notifications", tags=["notifications"])

Supplier = Annotated[auth.Caller, Depends(auth.caller_with("supplier"))]


def _address(given: str) -> str:
    address = given.strip()
    if not domain.is_address(address):
        raise ValueError("is not an e-mail address")
    return address


class NotificationSettings(wire.WireModel):
    """Where a supplier wants its mail, and about what."""

    emails: Annotated[
        tuple[Annotated[str, AfterValidator(_address)], ...],
        Field(max_length=20, description="Every address gets each mail; an empty list stops them"),
    ]
    new_shipment: Annotated[
        bool,
        Field(description="Write when there is a new shipment to send, and once more when half of its time is over"),
    ] = True
    language: Annotated[Language | None, Field(description="Language of the mails; left out, it stays as it is")] = None


@router.get(
    "/settings",
    summary="Read your notification settings",
    description="Until you give settings of your own, they follow the e-mail address and language of your record.",
    response_model=NotificationSettings,
)
async def read_settings(request: Request, caller: Supplier) -> Response:
    """The caller's settings."""
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        settings = await store.contact_settings(tx, caller.organisation)
    return _answer(settings)


@router.put(
    "/settings",
    summary="Change your notification settings",
    description="Replaces the addresses and wishes. Shipments that waited for an address are announced to it.",
    response_model=NotificationSettings,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": NotificationSettings.model_json_schema()}},
        }
    },
)
async def change_settings(request: Request, caller: Supplier) -> Response:
    """Keep the caller's settings. 400 names each address that is none."""
    given = NotificationSettings.model_validate_json(await edge.read_body(request))
    emails: dict[str, str] = {}
    for address in given.emails:
        emails.setdefault(address.casefold(), address)
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        settings = await store.save_settings(
            tx, caller.organisation, [*emails.values()], given.new_shipment, given.language
        )
        contact = domain.Contact(True, settings.emails, settings.new_shipment)
        await store.settle_waiting(tx, {caller.organisation: domain.wish_of(contact)})
    return _answer(settings)


def _answer(settings: store.ContactSettings) -> Response:
    return wire.answer(
        NotificationSettings(emails=settings.emails, new_shipment=settings.new_shipment, language=settings.language)
    )
