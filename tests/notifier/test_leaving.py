"""Leaving mails by the link in them, and what stands in a mail by which it can be left (RFC 8058)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from notifier import app, domain, handlers, store
from notifier.domain import Choice
from notifier.settings import Settings
from shared import links, sealing
from shared.links import Signer
from shared.postgres import Database
from tests import builders
from tests.notifier import messages
from tests.notifier.mail_server import MailServer
from tests.notifier.test_sender import sending, until

KEY = sealing.new_key()
SIGNER = Signer([KEY])
USUAL = Choice()


@pytest.fixture
def signing(settings: Settings) -> Settings:
    """Settings of a notifier that has a key to sign with."""
    return Settings(**{**settings.model_dump(), "sealing_keys": KEY})


@pytest.fixture
async def client(notes: Database, signing: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with builders.client_of(app.build(signing), notes, builders.Signer()) as opened:
        yield opened


async def choose(notes: Database, **chosen: Choice) -> None:
    emails = {f"{name}@kuppi.example": choice for name, choice in chosen.items()}
    async with notes.transaction() as tx:
        await store.save_settings(tx, messages.SUPPLIER, [*emails], True, "en", choices=emails)


async def wanting(notes: Database, email: str) -> frozenset[domain.Kind]:
    async with notes.transaction() as tx:
        contact = (await store.contact_settings(tx, messages.SUPPLIER)).contact
    return contact.choices.get(email, domain.USUAL_CHOICE).kinds


def link(*kinds: str, email: str = "a@kuppi.example", days: float = 1) -> str:
    until_ = datetime.now(UTC) + timedelta(days=days)
    return links.address(
        "", links.LEAVE_PATH, SIGNER.sign(links.LEAVE, [messages.SUPPLIER, email, "en", *kinds], until_)
    )


async def test_each_recipient_of_a_mail_that_may_be_left_gets_a_link_of_its_own_that_works(
    notes: Database, signing: Settings, mails: MailServer, client: httpx.AsyncClient
) -> None:
    await choose(notes, a=Choice(), b=Choice())
    async with notes.transaction() as tx:
        await handlers.announce_shipments([messages.shipment()], tx, signing)
    async with sending(notes, signing):
        await until(notes, lambda entry: bool(entry["state"] == "sent"))
    assert sorted(mail.recipients for mail in mails.received) == [("a@kuppi.example",), ("b@kuppi.example",)]
    assert len({mail.message["Message-ID"] for mail in mails.received}) == 1
    (mail,) = (mail for mail in mails.received if mail.recipients == ("a@kuppi.example",))
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(mail.message["List-Unsubscribe"]).strip("<> ")
    assert address.startswith(f"https://sluice.example{links.LEAVE_PATH}?t=")
    assert address in mail.body("plain")
    here = address.removeprefix("https://sluice.example")
    asked = await client.get(here)
    assert (asked.status_code, "<form" in asked.text) == (200, True)
    assert domain.NEW_SHIPMENT in await wanting(notes, "a@kuppi.example")
    done = await client.post(here, data={"List-Unsubscribe": "One-Click"})
    assert (done.status_code, "a@kuppi.example" in done.text) == (200, True)
    assert await wanting(notes, "a@kuppi.example") == domain.USUAL - {domain.NEW_SHIPMENT}
    assert domain.NEW_SHIPMENT in await wanting(notes, "b@kuppi.example")


async def test_the_only_address_for_new_shipments_has_no_such_link_and_cannot_leave_by_an_older_one(
    notes: Database, signing: Settings, mails: MailServer, client: httpx.AsyncClient
) -> None:
    await choose(notes, a=USUAL)
    shipment = messages.shipment()
    async with notes.transaction() as tx:
        await handlers.announce_shipments([shipment], tx, signing)
        await handlers.tell_of_shipments([messages.cancelled(messages.shipment())], tx, signing)
    async with sending(notes, signing):
        await until(notes, lambda entry: entry["state"] in ("sent", "not wanted"))
    found = {
        str(mail.message["Subject"]).partition(":")[0]: mail.message["List-Unsubscribe"] for mail in mails.received
    }
    assert found["New shipment"] is None
    assert found["Shipment cancelled"] is not None
    kept = await client.post(link(domain.NEW_SHIPMENT))
    assert (kept.status_code, "only address" in kept.text) == (409, True)
    assert await wanting(notes, "a@kuppi.example") == USUAL.kinds


async def test_a_mail_of_a_shipment_has_links_to_answer_it_and_to_its_note(
    notes: Database, signing: Settings, mails: MailServer
) -> None:
    await choose(notes, a=Choice())
    shipment = messages.shipment()
    async with notes.transaction() as tx:
        await handlers.announce_shipments([shipment], tx, signing)
    async with sending(notes, signing):
        await until(notes, lambda entry: bool(entry["state"] == "sent"))
    whose = [str(shipment.shipment_id), messages.SUPPLIER]
    answer = SIGNER.sign(links.ANSWER, [*whose, "en"], shipment.accept_by)
    for text in (mails.received[0].body("plain"), mails.received[0].body("html")):
        assert links.address("https://sluice.example", links.ANSWER_PATH, answer) in text
        assert f"https://sluice.example{links.NOTE_PATH}?t=" in text


@pytest.mark.parametrize(("address", "status"), [(link("cancelled", days=-1), 410), (f"{link('cancelled')}x", 404)])
async def test_a_link_that_expired_or_is_none_of_ours_changes_nothing(
    notes: Database, client: httpx.AsyncClient, address: str, status: int
) -> None:
    await choose(notes, a=USUAL)
    for method in ("GET", "POST"):
        answer = await client.request(method, address)
        assert (answer.status_code, "Nothing was changed" in answer.text) == (status, True)
    assert domain.CANCELLED in await wanting(notes, "a@kuppi.example")


async def test_what_may_be_left_is_left_though_the_rest_of_the_mail_may_not(
    notes: Database, client: httpx.AsyncClient
) -> None:
    await choose(notes, a=USUAL)
    done = await client.post(link("cancelled", domain.NEW_SHIPMENT))
    assert (done.status_code, "only address" in done.text, "sent to a@kuppi.example: cancelled" in done.text) == (
        200,
        True,
        True,
    )
    assert await wanting(notes, "a@kuppi.example") == domain.USUAL - {domain.CANCELLED}


async def test_an_address_that_is_written_otherwise_by_now_may_leave(
    notes: Database, client: httpx.AsyncClient
) -> None:
    await choose(notes, A=USUAL)
    assert (await client.post(link("cancelled"))).status_code == 200
    assert await wanting(notes, "A@kuppi.example") == domain.USUAL - {domain.CANCELLED}


async def test_an_address_that_is_gone_may_leave_again(notes: Database, client: httpx.AsyncClient) -> None:
    await choose(notes, b=Choice())
    assert (await client.post(link("cancelled"))).status_code == 200
    assert await wanting(notes, "b@kuppi.example") == domain.USUAL
