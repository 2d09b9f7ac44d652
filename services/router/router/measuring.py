"""How many rows and shipments need somebody's attention, for the operator's metrics.

Every replica counts the same, so that of several the largest counts.
"""

from prometheus_client import Gauge

from router import store
from shared.postgres import Database

UNSERVED = Gauge("sluice_rows_unroutable", "Rows of which nobody can serve a part; they wait for news")
REROUTING = Gauge("sluice_rows_rerouting", "Rows that are asked for again and have no answer yet")
ASKS = Gauge("sluice_asks_pending", "Later rounds of orders that inventory has not answered")
OVERDUE = Gauge("sluice_shipments_overdue", "Unopened shipments whose suppliers have had all their time")
PUT_OFF = Gauge("sluice_put_off", "Orders and shipments that a watch could not deal with so far, and tries again later")


async def measure(database: Database) -> None:
    """Set the gauges to what is there now."""
    async with database.transaction() as tx:
        UNSERVED.set(await store.count_unserved(tx))
        REROUTING.set(await store.count_rerouting(tx))
        ASKS.set(await store.count_asks(tx))
        OVERDUE.set(await store.count_overdue(tx))
        PUT_OFF.set(await store.count_put_off(tx))


async def look(database: Database) -> bool:
    """Measure; there is never more to do at once."""
    await measure(database)
    return False
