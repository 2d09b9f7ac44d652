"""On which ways a mail and a password leave for the mail server."""

from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from notifier import domain, handlers, outgoing
from notifier.sender import Sender
from notifier.settings import Settings
from shared.postgres import Database
from tests import builders
from tests.notifier import mail_server, messages
from tests.notifier.mail_server import MailServer

LOGIN = {"smtp_user": "hub", "smtp_password": SecretStr("open sesame")}
RECIPIENT = "orders@kuppi.example"


@pytest.fixture
def elsewhere(settings: Settings, mails: MailServer) -> Settings:
    """Settings with a login at a mail server that is not called by a name of this machine, though it is on it."""
    return settings.model_copy(update={**LOGIN, "smtp": f"0.0.0.0:{mails.port}"})


@pytest.fixture
async def opened() -> AsyncIterator[list[outgoing.Outgoing]]:
    """The ways out that a test has opened."""
    ways: list[outgoing.Outgoing] = []
    yield ways
    for way in ways:
        await way.close()


async def send(ways: list[outgoing.Outgoing], settings: Settings) -> None:
    ways.append(outgoing.Outgoing(settings))
    answers = await ways[-1].send([RECIPIENT], b"Subject: hello\r\n\r\nworld\r\n")
    assert answers[RECIPIENT].accepted


async def test_a_mail_goes_over_tls_when_the_server_offers_it(
    settings: Settings, mails: MailServer, opened: list[outgoing.Outgoing], tmp_path: Path
) -> None:
    await send(opened, settings)
    mails.certificate = mail_server.self_signed(tmp_path)
    await send(opened, settings)
    assert mails.encrypted == [False, True]


async def test_on_this_machine_the_password_may_go_in_clear(
    settings: Settings, mails: MailServer, opened: list[outgoing.Outgoing], tmp_path: Path
) -> None:
    await send(opened, settings.model_copy(update=LOGIN))
    mails.certificate = mail_server.self_signed(tmp_path)
    await send(opened, settings.model_copy(update=LOGIN))
    assert mails.logins == [(b"hub", False), (b"hub", True)]


async def test_elsewhere_the_password_is_sent_neither_in_clear_nor_to_a_server_that_proves_nothing(
    elsewhere: Settings, mails: MailServer, opened: list[outgoing.Outgoing], tmp_path: Path
) -> None:
    with pytest.raises(outgoing.Unreachable, match="offers no STARTTLS: the password is not sent to it in clear"):
        await send(opened, elsewhere)
    mails.certificate = mail_server.self_signed(tmp_path)
    with pytest.raises(outgoing.Unreachable, match="certificate"):
        await send(opened, elsewhere)
    assert (mails.logins, mails.received) == ([], [])


async def test_who_insists_on_starttls_sends_nothing_without_a_proof(
    settings: Settings, mails: MailServer, opened: list[outgoing.Outgoing], tmp_path: Path
) -> None:
    insisting = settings.model_copy(update={"smtp_starttls": True})
    with pytest.raises(outgoing.Unreachable):
        await send(opened, insisting)
    mails.certificate = mail_server.self_signed(tmp_path)
    with pytest.raises(outgoing.Unreachable):
        await send(opened, insisting)
    assert mails.received == []


async def logged(notes: Database, settings: Settings, event: str) -> MutableMapping[str, Any]:
    """The first line of this kind that a sender logs."""
    with structlog.testing.capture_logs() as lines:
        sender = Sender(settings)
        sender.begin(notes)

        async def heard() -> list[MutableMapping[str, Any]]:
            return [line for line in lines if line["event"] == event]

        found = await builders.eventually(heard, bool)
        await sender.stop()
    return found[0]


async def test_a_mail_that_needs_the_password_in_clear_waits_and_the_log_says_why(
    notes: Database, elsewhere: Settings
) -> None:
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation()], tx)
        await handlers.announce_shipments([messages.shipment()], tx, elsewhere)
    line = await logged(notes, elsewhere, "mail server unreachable")
    assert line["error"] == f"{elsewhere.smtp} offers no STARTTLS: the password is not sent to it in clear"
    async with notes.transaction() as tx:
        assert await tx.fetch_value("SELECT state FROM mails") == "pending"


async def test_the_log_of_a_mail_that_cannot_be_written_names_the_place_and_no_person(
    notes: Database, settings: Settings
) -> None:
    async with notes.transaction() as tx:
        await handlers.keep_contacts([messages.organisation()], tx)
        await handlers.announce_shipments([messages.shipment()], tx, settings)
        await tx.execute("UPDATE mails SET content = jsonb_set(content, '{rows}', '\"Maija Meikäläinen\"')")
    line = await logged(notes, settings, "mail failed")
    assert line["error"] == "pydantic_core._pydantic_core.ValidationError"
    assert line["at"].startswith("notifier.sender:")
    assert line.keys() == {"event", "log_level", "error", "at"}


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_only_this_machine_is_this_machine(host: str, here: bool) -> None:
    assert domain.is_loopback(host) is here
