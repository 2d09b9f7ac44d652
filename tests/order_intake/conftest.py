"""An order book of the test's own, and clients of its HTTP interface."""

from collections.abc import AsyncIterator

import httpx
import pytest

from order_intake import app
from order_intake.settings import Settings
from shared.postgres import Database
from shared.service import Service
from tests import builders
from tests.builders import Signer
from tests.order_intake.orders import SHOP


@pytest.fixture
async def book(database: str) -> AsyncIterator[Database]:
    """The order book, empty."""
    opened = await Database.connect(database, "order_intake")
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def service() -> Service:
    """Order-intake, not started: at most 3 rows in an order, so that the bound can be seen.

    Built once, which takes longer than most of what is asked of it.
    """
    return app.build(Settings(database="none", kafka="none", max_rows=3))


@pytest.fixture
def signer() -> Signer:
    """Signs the tokens of the test."""
    return Signer()


@pytest.fixture
async def client(service: Service, book: Database, signer: Signer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the HTTP interface, without a token."""
    async with builders.client_of(service, book, signer) as opened:
        yield opened


@pytest.fixture
def shop(client: httpx.AsyncClient, signer: Signer) -> httpx.AsyncClient:
    """The client as a retailer."""
    client.headers.update(signer.headers(SHOP, "retailer") | {"Content-Type": "application/json"})
    return client
