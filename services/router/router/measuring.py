"""How many rows and shipments need somebody's attention, for the operator's metrics.

Every replica counts the same, so that of several the largest counts.
"""

from prometheus_client import Gauge

from router import store
from router.store import number_series
from shared.postgres import Database

UNSERVED = Gauge("sluice_rows_unroutable", "Rows of which nobody can serve a part; they wait for news")
REROUTING = Gauge("sluice_rows_rerouting", "Rows that are asked for again and have no answer yet")
ASKS = Gauge("sluice_asks_pending", "Later rounds of orders that inventory has not answered")
OVERDUE = Gauge("sluice_shipments_overdue", "Unopened shipments whose suppliers have had all their time")
PUT_OFF = Gauge("sluice_put_off", "Orders and shipments that a watch could not deal with so far, and tries again later")
LEFT = Gauge("sluice_tracking_numbers_left", "Numbers that a number series has left for tracking codes", ["series"])
LOW = Gauge("sluice_number_series_low", "Number series that have few numbers left: it is time to give others")


async def measure(database: Database) -> None:
    """Set the gauges to what is there now."""
    async with database.transaction() as tx:
        UNSERVED.set(await store.count_unserved(tx))
        REROUTING.set(await store.count_rerouting(tx))
        ASKS.set(await store.count_asks(tx))
        OVERDUE.set(await store.count_overdue(tx))
        PUT_OFF.set(await store.count_put_off(tx))
        given = await number_series.all_series(tx)
    # One that was given up is not to be seen any more.
    LEFT.clear()
    for used in given:
        LEFT.labels(used.series.name).set(used.left)
    LOW.set(sum(used.low for used in given))


async def look(database: Database) -> bool:
    """Measure; there is never more to do at once."""
    await measure(database)
    return False
