"""The router's database, and what happens around it in one line each."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import httpx
import pytest

from router import app, domain, handlers, store
from router.carriers.booker import AT_ONCE, Booker
from router.carriers.nshift import NShift
from router.domain import Route, Shipment
from router.papers import press
from shared.contracts import (
    AllocateOrder,
    BalanceChanged,
    CatalogueChanged,
    Message,
    OrderAllocated,
    OrderAmended,
    OrderPlaced,
    ShipmentChanged,
)
from shared.postgres import Database
from shared.service import Service
from tests import builders
from tests.builders import Signer
from tests.router import examples
from tests.router.booking import ACCOUNT, GIVEN, SEALER, Dispatch, confirm_all
from tests.router.examples import OTHER_SUPPLIER, RETAILER, SETTINGS, SUPPLIER, balance, catalogue, order, row
from tests.router.nshift_stand_in import StandIn
from tests.router.returning import Headers, deliver

SIGNER = Signer()

AnyMessage = TypeVar("AnyMessage", bound=Message)


@dataclass(frozen=True)
class Router:
    """A router without Kafka: messages are handed to its handlers, and what it says is read from its outbox."""

    database: Database

    async def knows(self, catalogues: Sequence[CatalogueChanged], balances: Sequence[BalanceChanged]) -> None:
        """Let it hear of catalogues and balances."""
        async with self.database.transaction() as tx:
            await handlers.keep_catalogues(catalogues, tx)
            await handlers.keep_balances(balances, tx)

    async def hears(self, *orders: OrderPlaced) -> None:
        """Let it hear of orders, in one batch."""
        async with self.database.transaction() as tx:
            await handlers.route_orders(orders, tx, examples.SETTINGS)

    async def hears_a_change(self, *amended: OrderAmended) -> None:
        """Let it hear of changes of mind, in one batch."""
        async with self.database.transaction() as tx:
            await handlers.amend_orders(amended, tx, examples.SETTINGS)

    async def is_answered(self, *allocated: OrderAllocated) -> None:
        """Let inventory answer, in one batch."""
        async with self.database.transaction() as tx:
            await handlers.ship_orders(allocated, tx, examples.SETTINGS)

    async def hears_of_shipments(self) -> None:
        """Let it hear what it has itself said of shipments, as often as it is called."""
        changed = await self.said(ShipmentChanged)
        async with self.database.transaction() as tx:
            await handlers.reroute_shipments(changed, tx, examples.SETTINGS)

    async def said(self, kind: type[AnyMessage]) -> list[AnyMessage]:
        """The messages of one kind it has said so far."""
        async with self.database.transaction() as tx:
            rows = await tx.fetch("SELECT value FROM outbox WHERE topic = $1 ORDER BY id", kind.topic)
        return [kind.model_validate_json(row["value"]) for row in rows]

    async def ships(self, placed: OrderPlaced, stock: dict[tuple[str, str], int]) -> list[domain.Shipment]:
        """Let it hear of an order and of inventory's answer from the stock; the shipments that come of it."""
        await self.hears(placed)
        request = next(asked for asked in await self.said(AllocateOrder) if asked.order_id == placed.order_id)
        await self.is_answered(examples.allocate(request, dict(stock)))
        return await self.shipments()

    async def shipments(self) -> list[domain.Shipment]:
        """All shipments, oldest first."""
        async with self.database.transaction() as tx:
            ids = await tx.fetch("SELECT id FROM shipments ORDER BY created_at, id")
            found = [await store.shipment(tx, row["id"]) for row in ids]
        return [shipment for shipment in found if shipment is not None]

    async def route(self, placed: OrderPlaced) -> Route:
        """What it knows of an order."""
        async with self.database.transaction() as tx:
            return (await store.routes_of(tx, [placed.order_id]))[placed.order_id]


@pytest.fixture
async def router(database: str) -> AsyncIterator[Router]:
    """A router with an empty database."""
    opened = await Database.connect(database, "router", size=4)
    yield Router(opened)
    await opened.close()


@pytest.fixture(scope="session")
async def service() -> AsyncIterator[Service]:
    """The router, built once: it takes longer than most of what is asked of it."""
    built = app.build(SETTINGS)
    yield built
    await press.of(built).stop()


@pytest.fixture
async def client(router: Router, service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the router's interface."""
    async with builders.client_of(service, router.database, SIGNER) as opened:
        yield opened


@pytest.fixture
def supplier() -> dict[str, str]:
    """The headers of the supplier."""
    return SIGNER.headers(SUPPLIER, "supplier")


@pytest.fixture
def retailer() -> dict[str, str]:
    """The headers of the retailer."""
    return SIGNER.headers(RETAILER, "retailer")


@pytest.fixture
async def shipments(router: Router) -> list[Shipment]:
    """Three orders of five boots and two socks, a shipment of the supplier's each; the last also one of the other's."""
    await router.knows(
        [catalogue("W1", priority=1, contract_number="612345"), catalogue("W2", supplier_id=OTHER_SUPPLIER)],
        [balance("W1", ean="111", description="Boots"), balance("W1", "SOCKS"), balance("W2", "HAT")],
    )
    stock = {("W1", "BOOTS"): 99, ("W1", "SOCKS"): 99, ("W2", "HAT"): 99}
    for number in (1, 2):
        await router.ships(order(row("1"), row("2", "SOCKS", 2), external_id=f"A-{number}"), stock)
    return await router.ships(order(row("1"), row("2", "SOCKS", 2), row("3", "HAT", 1), external_id="A-3"), stock)


@pytest.fixture
async def three_warehouses(router: Router) -> None:
    """W1 is asked first, then W2, then W3."""
    await router.knows(
        [
            catalogue("W1", priority=1),
            catalogue("W2", priority=2, supplier_id=OTHER_SUPPLIER),
            catalogue("W3", priority=3, supplier_id=OTHER_SUPPLIER),
        ],
        [balance("W1"), balance("W2"), balance("W3"), balance("W1", "SOCKS")],
    )


@pytest.fixture
def shipment(shipments: list[Shipment]) -> Shipment:
    """The supplier's shipment of the first order."""
    return shipments[0]


@pytest.fixture
async def delivered(client: httpx.AsyncClient, supplier: Headers, shipment: Shipment) -> Shipment:
    """The supplier's shipment of the first order, delivered by Posti: five boots and two socks."""
    await deliver(client, supplier, shipment)
    return shipment


@pytest.fixture
def sealer(service: Service) -> None:
    """A router with a key to seal with."""
    service.app.state.sealer = SEALER


@pytest.fixture
def nshift() -> StandIn:
    """nShift."""
    return StandIn()


@pytest.fixture
async def booker(nshift: StandIn) -> AsyncIterator[Booker]:
    """A booker that is asked to look by the test."""
    made = Booker(NShift("https://nshift.test/v1", nshift), SEALER, drain_s=5.0)
    yield made
    await made.stop()


@pytest.fixture
def unconfirmed(
    sealer: None,
    client: httpx.AsyncClient,
    router: Router,
    booker: Booker,
    nshift: StandIn,
    supplier: dict[str, str],
    retailer: dict[str, str],
    shipment: Shipment,
) -> Dispatch:
    """A parcel that is not confirmed yet, of a catalogue without an account."""
    return Dispatch(client, router.database, booker, nshift, supplier, retailer, shipment)


@pytest.fixture
async def dispatch(unconfirmed: Dispatch) -> Dispatch:
    """A parcel that is confirmed, of a catalogue with an account."""
    assert (await unconfirmed.account_is_given()).status_code == 200
    await unconfirmed.is_confirmed()
    return unconfirmed


@pytest.fixture
async def many(
    sealer: None,
    client: httpx.AsyncClient,
    router: Router,
    supplier: dict[str, str],
    retailer: dict[str, str],
) -> int:
    """How many parcels are confirmed, of a catalogue with an account: more than a booker books at once."""
    await router.knows([catalogue("W1")], [balance("W1")])
    for number in range(AT_ONCE + 3):
        await router.ships(order(row("1"), external_id=f"M-{number}"), {("W1", "BOOTS"): 99})
    await client.put(ACCOUNT, json=GIVEN, headers=retailer)
    made = await router.shipments()
    await confirm_all(client, supplier, made)
    return len(made)
