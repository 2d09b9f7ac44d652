"""How retailers want their orders to be routed."""

from decimal import Decimal

from router.domain import Preferences
from shared.postgres import Record, Transaction


async def preferences(tx: Transaction, retailer_id: str) -> Preferences:
    """A retailer's settings; what everybody has when it said nothing."""
    row = await tx.fetch_one(
        "SELECT strategy, all_or_nothing, cost_per_shipment FROM preferences WHERE retailer_id = $1", retailer_id
    )
    return Preferences() if row is None else _preferences(row)


async def save_preferences(
    tx: Transaction,
    retailer_id: str,
    strategy: str | None = None,
    all_or_nothing: bool | None = None,
    cost_per_shipment: Decimal | None = None,
) -> Preferences:
    """Merge what is given into a retailer's settings; None leaves as it is. Returns the settings as they are then."""
    usual = Preferences()
    row = await tx.fetch_one(
        "INSERT INTO preferences AS p (retailer_id, strategy, all_or_nothing, cost_per_shipment)"
        " VALUES ($1, coalesce($2::text, $5), coalesce($3::bool, $6), coalesce($4::numeric, $7))"
        " ON CONFLICT (retailer_id) DO UPDATE SET strategy = coalesce($2, p.strategy),"
        " all_or_nothing = coalesce($3, p.all_or_nothing), cost_per_shipment = coalesce($4, p.cost_per_shipment),"
        " changed_at = now()"
        " RETURNING strategy, all_or_nothing, cost_per_shipment",
        retailer_id,
        strategy,
        all_or_nothing,
        cost_per_shipment,
        usual.strategy,
        usual.all_or_nothing,
        usual.cost_per_shipment,
    )
    assert row is not None
    return _preferences(row)


def _preferences(row: Record) -> Preferences:
    return Preferences(row["strategy"], row["all_or_nothing"], row["cost_per_shipment"])
