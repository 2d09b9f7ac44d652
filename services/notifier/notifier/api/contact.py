"""An organisation's own settings: where to write to, about what, when, and in which language."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from notifier import choosing, domain, hours, store
from notifier.api import contact_bodies
from notifier.api.contact_bodies import NotificationSettings
from notifier.domain import Choice, Contact
from shared import auth, edge, problems, wire
from shared.postgres import Database
from shared.problems import FieldError

router = APIRouter(prefix="/ecommerce/v3/notifications", tags=["notifications"])

Party = Annotated[auth.Caller, Depends(auth.caller_with("supplier", "retailer"))]


@router.get(
    "/settings",
    summary="Read your notification settings",
    description="Until you give settings of your own, they follow the e-mail address and language of your record.",
    response_model=NotificationSettings,
)
async def read_settings(request: Request, caller: Party) -> Response:
    """The caller's settings."""
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        settings = await store.contact_settings(tx, caller.organisation)
    return wire.answer(contact_bodies.shown(settings))


@router.put(
    "/settings",
    summary="Change your notification settings",
    description="Replaces the addresses and wishes. Shipments that waited for an address are announced to it. What"
    " waits"
    " for a digest goes when that was due, to those of its addresses that still want it. Where the operator has not"
    " made it possible to attach papers, whoever wants them is answered 400.",
    response_model=NotificationSettings,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": NotificationSettings.model_json_schema()}},
        }
    },
)
async def change_settings(request: Request, caller: Party) -> Response:
    """Keep the caller's settings. 400 names each address that is none, and what is not possible here."""
    given = NotificationSettings.model_validate_json(await edge.read_body(request))
    emails, choices = _addresses(given)
    if not request.app.state.attaches:
        _refuse_papers(given)
    zone = given.time_zone or domain.TIME_ZONE
    database: Database = request.app.state.database
    async with database.transaction_of(caller.organisation) as tx:
        if given.addresses is None:
            choices = _kept(emails, await store.contact_to_change(tx, caller.organisation))
        summed_up = any(domain.WEEKLY_SUMMARY in choice.kinds for choice in choices.values())
        settings = await store.save_settings(
            tx,
            caller.organisation,
            emails,
            given.new_shipment,
            given.language,
            choices=choices,
            quiet=None if given.quiet_hours is None else given.quiet_hours.quiet,
            time_zone=zone,
            summary_at=hours.next_summary(zone, await tx.now()) if summed_up else None,
        )
        await store.settle_waiting(tx, choosing.wishes({caller.organisation: settings.contact}))
    return wire.answer(contact_bodies.shown(settings))


def _kept(emails: Sequence[str], contact: Contact | None) -> dict[str, Choice]:
    """What those addresses have chosen that were there before, however they are written now."""
    chosen = {} if contact is None else {email.casefold(): choice for email, choice in contact.choices.items()}
    return {email: chosen[email.casefold()] for email in emails if email.casefold() in chosen}


def _refuse_papers(given: NotificationSettings) -> None:
    """400 when an address wants papers attached, which this service cannot fetch."""
    why = "needs papers from the router, and this service cannot get them; ask its operator"
    wrong = [
        FieldError(f"addresses[{place}].{field}", "not_possible", why)
        for place, one in enumerate(given.addresses or ())
        for field, wanted in (("attachNote", one.attach_note), ("kinds", domain.PAPERS in (one.kinds or ())))
        if wanted
    ]
    if wrong:
        raise problems.invalid(wrong)


def _addresses(given: NotificationSettings) -> tuple[list[str], dict[str, Choice]]:
    """The addresses, each once however it is written, and what those have chosen that have.

    400 when none are given, when one chooses twice, at all or for a retailer, and when the two lists name different
    ones.
    """
    if given.emails is None and given.addresses is None:
        raise problems.invalid([FieldError("emails", "missing", "is required, or `addresses`")])
    chosen = [(one.email, one.choice) for one in given.addresses or ()]
    emails: dict[str, str] = {}
    for address in [*(given.emails or ()), *(email for email, _ in chosen)]:
        emails.setdefault(address.casefold(), address)
    folded = [email.casefold() for email, _ in chosen]
    wrong = [
        FieldError(f"addresses[{place}].email", "duplicate", "is given twice")
        for place, email in enumerate(folded)
        if email in folded[:place]
    ]
    wrong += [
        FieldError(f"addresses[{place}].retailers[{at}].retailerId", "duplicate", "is given twice")
        for place, address in enumerate(given.addresses or ())
        for retailers in [[one.retailer_id for one in address.retailers or ()]]
        for at, retailer in enumerate(retailers)
        if retailer in retailers[:at]
    ]
    if given.emails is not None and given.addresses is not None:
        named = {email.casefold() for email in given.emails}
        wrong += [
            FieldError(f"addresses[{place}].email", "not_in_emails", "is not among the emails that are given as well")
            for place, email in enumerate(folded)
            if email not in named
        ]
        wrong += [
            FieldError(f"emails[{place}]", "not_in_addresses", "is not among the addresses that are given as well")
            for place, email in enumerate(given.emails)
            if email.casefold() not in folded
        ]
    if wrong:
        raise problems.invalid(wrong)
    return [*emails.values()], {emails[email.casefold()]: choice for email, choice in chosen}
