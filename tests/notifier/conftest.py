"""What the notifier's tests share: its database, the servers it speaks to, and settings that point at them."""

from collections.abc import AsyncIterator

import pytest

from notifier.settings import Settings
from shared.postgres import Database
from tests.notifier import mail_server, receivers
from tests.notifier.receivers import Receiver


@pytest.fixture
async def notes(database: str) -> AsyncIterator[Database]:
    """The notifier's database."""
    opened = await Database.connect(database, "notifier")
    yield opened
    await opened.close()


@pytest.fixture
async def mails() -> AsyncIterator[mail_server.MailServer]:
    """A mail server that accepts everything until told otherwise."""
    async with mail_server.running() as server:
        yield server


@pytest.fixture
def settings(mails: mail_server.MailServer) -> Settings:
    """Settings of an impatient notifier that sends to the test's mail server."""
    return settings_for(mails.address)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver of webhooks that takes everything until told otherwise."""
    async with receivers.running() as opened:
        yield opened


def settings_for(smtp: str) -> Settings:
    """Settings of an impatient notifier."""
    return Settings(
        database="postgresql://unused",
        kafka="unused:9092",
        smtp=smtp,
        mail_from="Sluice <hub@sluice.example>",
        poll_seconds=0.02,
        retry_first_seconds=0.02,
        retry_longest_seconds=0.05,
        retry_days=1,
        drain_seconds=5,
        public_url="https://sluice.example/",
    )
