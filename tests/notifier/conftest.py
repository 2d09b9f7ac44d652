"""What the notifier's tests share: its database, the servers it speaks to, and settings that point at them."""

from collections.abc import AsyncIterator

import pytest

from notifier.settings import Settings
from shared.postgres import Database
from tests.notifier import mail_server, paper_rooms, receivers
from tests.notifier.attaching import KEY
from tests.notifier.paper_rooms import PaperRoom
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


@pytest.fixture
async def room() -> AsyncIterator[PaperRoom]:
    """A stand-in for the router that gives every paper until told otherwise."""
    async with paper_rooms.running() as opened:
        yield opened


@pytest.fixture
def enclosing(settings: Settings, room: PaperRoom) -> Settings:
    """Settings of a notifier that may attach papers."""
    return Settings(**{**settings.model_dump(), "sealing_keys": KEY, "router_url": f"{room.address}/"})


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
