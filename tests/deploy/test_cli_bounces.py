"""`sluice bounces` notes which mails came back, from a Maildir, a file or standard input."""

import json
import mailbox
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.postgres import Database
from tests.deploy.commands import sluice
from tests.notifier.test_bouncing import notification


@pytest.fixture
async def sent(database: str) -> AsyncIterator[UUID]:
    """The shipment of a mail that was sent."""
    shipment = uuid4()
    opened = await Database.connect(database, "notifier", size=2)
    async with opened.transaction() as tx:
        await tx.execute("INSERT INTO contacts (business_id) VALUES ('1')")
        await tx.execute(
            "INSERT INTO mails (shipment_id, kind, recipient_id, retailer_id, order_external_id, message_id, content,"
            " state, recipients, reached, sent_at) VALUES ($1, 'new-shipment', '1', '2', 'A', $2, '{}', 'sent', $3, $3,"
            " now())",
            shipment,
            f"<{shipment}.new-shipment@sluice.example>",
            ["a@x.fi"],
        )
    yield shipment
    await opened.close()


@pytest.mark.parametrize("kind", [mailbox.Maildir, mailbox.mbox])
async def test_what_came_back_is_noted_once_and_the_rest_is_passed_over(
    sent: UUID, database: str, tmp_path: Path, kind: type[mailbox.Maildir] | type[mailbox.mbox]
) -> None:
    box = kind(tmp_path / "box", create=True)
    for content in (b"Subject: hello\n\nGood day", notification(f"<{sent}.new-shipment@sluice.example>", "a@x.fi")):
        box.add(content)
    box.close()
    answers = [await sluice("bounces", str(tmp_path / "box"), "--json", SLUICE_DATABASE=database) for _ in range(2)]
    assert [json.loads(answer.stdout) for answer in answers] == [
        {"read": 2, "unread": 0, "failed": 1, "noted": 1},
        {"read": 2, "unread": 0, "failed": 1, "noted": 0},
    ]


async def test_a_message_that_cannot_be_read_holds_up_no_other(sent: UUID, database: str, tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box", create=True)
    box.add(notification(f"<{sent}.new-shipment@sluice.example>", "a@x.fi"))
    box.close()
    (tmp_path / "box" / "new" / "0").symlink_to(tmp_path / "gone")
    answer = await sluice("bounces", str(tmp_path / "box"), "--json", SLUICE_DATABASE=database)
    assert json.loads(answer.stdout) == {"read": 1, "unread": 1, "failed": 1, "noted": 1}
