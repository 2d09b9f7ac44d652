"""Writing down who is to be told what by mail, and when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import orjson

from notifier import choosing, domain, store
from notifier.domain import Contact, Kind
from notifier.hours import INSTANT
from notifier.message_ids import MessageIds
from notifier.store import NewMail
from shared.postgres import Transaction


@dataclass(frozen=True)
class News:
    """Something to be told to an organisation: of which kind, what it is `about`, and the message itself as JSON."""

    kind: Kind
    about: UUID
    recipient_id: str
    content: bytes
    order_id: UUID | None = None
    retailer_id: str = ""
    order_external_id: str = ""


async def tell(tx: Transaction, news: Iterable[News], ids: MessageIds) -> None:
    """Write a mail for each, and one more for each further time at which addresses want it.

    Whose contact is not known yet, it waits for.
    """
    told = list(news)
    recipients = {one.recipient_id for one in told}
    await store.note_suppliers(tx, recipients)
    contacts = await store.contacts_to_rely_on(tx, recipients)
    await _save(tx, told, contacts, ids)


async def tell_who_asked(tx: Transaction, news: Iterable[News], ids: MessageIds) -> None:
    """Write mails for those organisations that want news of these kinds, and nothing for others."""
    told = list(news)
    if not told:
        return
    contacts = await store.contacts_to_rely_on(tx, {one.recipient_id for one in told})
    asked = [
        one
        for one in told
        if (contact := contacts.get(one.recipient_id)) is not None and choosing.wish(contact, one.kind) == "pending"
    ]
    if asked:
        await _save(tx, await _numbered(tx, asked), contacts, ids)


async def announce_no_more(tx: Transaction, cancelled: Sequence[News], ids: MessageIds) -> None:
    """Let nobody be told to send these shipments, though their own news comes only now, on another topic."""
    if cancelled:
        await store.note_suppliers(tx, {one.recipient_id for one in cancelled})
        await store.save_mails(tx, [_unwritten(replace(one, kind=domain.NEW_SHIPMENT), ids) for one in cancelled])


def _unwritten(news: News, ids: MessageIds) -> NewMail:
    return NewMail(
        shipment_id=news.about,
        kind=news.kind,
        recipient_id=news.recipient_id,
        retailer_id=news.retailer_id,
        order_external_id=news.order_external_id,
        message_id=ids.of(news.about, news.kind),
        content=orjson.dumps({"order_id": news.order_id}),
        state="not wanted",
        timing=INSTANT.name,
        audience=(),
        due=None,
    )


async def _numbered(tx: Transaction, news: Sequence[News]) -> Sequence[News]:
    """News of orders with the retailers' numbers of these, where the message that told of them did not have them."""
    unnumbered = {one.order_id for one in news if one.order_id is not None and not one.order_external_id}
    if not unnumbered:
        return news
    numbers = await store.order_numbers(tx, unnumbered)
    return [
        replace(one, order_external_id=one.order_external_id or numbers.get(one.order_id, ""))
        if one.order_id is not None
        else one
        for one in news
    ]


async def _save(tx: Transaction, told: Iterable[News], contacts: Mapping[str, Contact], ids: MessageIds) -> None:
    now = await tx.now()
    await store.save_mails(tx, [mail for one in told for mail in _mails(one, contacts[one.recipient_id], now, ids)])


def _mails(news: News, contact: Contact, now: datetime, ids: MessageIds) -> Iterable[NewMail]:
    wish = choosing.wish(contact, news.kind)
    for batch in choosing.batches(contact, news.kind, news.retailer_id, now):
        kind = f"{news.kind}{batch.suffix}"
        yield NewMail(
            shipment_id=news.about,
            kind=kind,
            recipient_id=news.recipient_id,
            retailer_id=news.retailer_id,
            order_external_id=news.order_external_id,
            message_id=ids.of(news.about, kind),
            # Of what is never written about only that need be kept by which it is found.
            content=orjson.dumps({"order_id": news.order_id}) if wish == "not wanted" else news.content,
            state=wish,
            timing=batch.timing.name,
            audience=batch.audience,
            due=batch.due,
        )
