"""What retailers want on the papers of their parcels."""

from router.papers.letterhead import Letterhead, Printed
from shared.postgres import Transaction


async def printed(tx: Transaction, retailer_id: str) -> Printed:
    """A retailer's letterhead with its logo; an empty one when it said nothing."""
    row = await tx.fetch_one("SELECT document, logo FROM letterheads WHERE retailer_id = $1", retailer_id)
    return Printed() if row is None else Printed(Letterhead.model_validate(row["document"]), row["logo"] or b"")


async def letterhead(tx: Transaction, retailer_id: str) -> tuple[Letterhead, bool]:
    """A retailer's letterhead, and whether it has a logo."""
    row = await tx.fetch_one(
        "SELECT document, logo IS NOT NULL AS has_logo FROM letterheads WHERE retailer_id = $1", retailer_id
    )
    return (Letterhead(), False) if row is None else (Letterhead.model_validate(row["document"]), row["has_logo"])


async def save_letterhead(tx: Transaction, retailer_id: str, given: Letterhead) -> bool:
    """Write a retailer's words in place of those it had. Returns whether it has a logo, which stays."""
    has_logo: bool = await tx.fetch_value(
        "INSERT INTO letterheads AS l (retailer_id, document) VALUES ($1, $2)"
        " ON CONFLICT (retailer_id) DO UPDATE SET document = excluded.document, changed_at = now()"
        " RETURNING l.logo IS NOT NULL",
        retailer_id,
        given.model_dump_json(exclude_defaults=True).encode(),
    )
    return has_logo


async def save_logo(tx: Transaction, retailer_id: str, logo: bytes | None) -> None:
    """Write a retailer's logo, a PNG, in place of the one it had; None takes it away."""
    await tx.execute(
        "INSERT INTO letterheads (retailer_id, logo) VALUES ($1, $2)"
        " ON CONFLICT (retailer_id) DO UPDATE SET logo = excluded.logo, changed_at = now()",
        retailer_id,
        logo,
    )
