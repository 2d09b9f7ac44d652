"""What an operator has said of where carriers' parcels are followed."""

from collections.abc import Sequence

from router.domain.number_series import key_of
from router.domain.tracking_link import TrackingLink
from shared.postgres import Transaction


async def own_links(tx: Transaction) -> Sequence[TrackingLink]:
    """The links the operator added or changed, by carrier."""
    rows = await tx.fetch("SELECT carrier, tracking_url FROM carrier_links ORDER BY carrier_key")
    return [TrackingLink(carrier=row["carrier"], tracking_url=row["tracking_url"]) for row in rows]


async def save_link(tx: Transaction, link: TrackingLink) -> None:
    """Write a link over what was said of its carrier before."""
    await tx.execute(
        "INSERT INTO carrier_links (carrier_key, carrier, tracking_url) VALUES ($1, $2, $3)"
        " ON CONFLICT (carrier_key) DO UPDATE SET carrier = excluded.carrier, tracking_url = excluded.tracking_url,"
        " changed_at = now()",
        key_of(link.carrier),
        link.carrier,
        link.tracking_url,
    )


async def forget_link(tx: Transaction, carrier: str) -> bool:
    """Forget what was said of a carrier; False if nothing was."""
    return await tx.execute("DELETE FROM carrier_links WHERE carrier_key = $1", key_of(carrier)) > 0
