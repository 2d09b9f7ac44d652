"""An inventory of the test's own, and a client of its HTTP interface."""

from collections.abc import AsyncIterator

import pytest

from inventory import app
from inventory.settings import Settings
from shared.postgres import Database
from shared.service import Service
from tests import builders
from tests.builders import Signer
from tests.inventory import examples
from tests.inventory.parties import Parties


@pytest.fixture
async def stock(database: str) -> AsyncIterator[Database]:
    """Inventory's database, empty."""
    opened = await Database.connect(database, "inventory")
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def service() -> Service:
    """Inventory, built once: it takes longer than most of what is asked of it."""
    return app.build(Settings(database="none", kafka="none"))


@pytest.fixture
async def parties(stock: Database, service: Service) -> AsyncIterator[Parties]:
    """Whoever calls inventory in a test."""
    signer = Signer()
    async with builders.client_of(service, stock, signer) as client:
        yield Parties(client, signer, stock)


@pytest.fixture
async def published(parties: Parties) -> Parties:
    """Callers of an inventory that holds the documents' two products, published to two shops."""
    await examples.publish_boots(parties)
    return parties
