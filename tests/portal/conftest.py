"""A portal on a database of its own, without Kafka."""

from collections.abc import AsyncIterator

import httpx
import pytest

from portal import app, organisations, signing
from portal.settings import Settings
from shared.postgres import Database
from shared.service import Service
from tests import builders

OPERATOR, SHOP, SUPPLIER = "0109357-9", "1531864-4", "2233445-8"
SECRET = "correct horse battery staple"


@pytest.fixture
async def portal(database: str) -> AsyncIterator[Database]:
    """The portal's database, with an organisation `SHOP` that has the key `shop`."""
    opened = await Database.connect(database, "portal")
    key = await organisations.new_key("shop", SECRET)
    async with opened.transaction() as tx:
        await organisations.add_organisation(tx, SHOP, "The shop", ["retailer"])
        await organisations.add_key(tx, SHOP, key)
    yield opened
    await opened.close()


@pytest.fixture
def settings(database: str) -> Settings:
    """The settings a portal has when told nothing but where its servers are."""
    return Settings(database=database, kafka="none")


@pytest.fixture
async def service(portal: Database, settings: Settings) -> AsyncIterator[Service]:
    """The portal with its first signing key, started as far as answering requests goes."""
    async with portal.transaction() as tx:
        await signing.keep_keys(tx, settings)
    built = app.build(settings)
    verifier = built.parts[0]
    await verifier.start(built)
    yield built
    await verifier.stop()


@pytest.fixture
def signer() -> builders.Signer:
    """Signs the tokens of the tests' callers."""
    return builders.Signer()


@pytest.fixture
async def client(service: Service, portal: Database, signer: builders.Signer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the portal's HTTP interface, at 127.0.0.1."""
    async with builders.client_of(service, portal, signer) as opened:
        yield opened


@pytest.fixture
async def elsewhere(service: Service, client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the same portal at another address."""
    transport = httpx.ASGITransport(service.app, client=("198.51.100.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url=client.base_url) as opened:
        yield opened
