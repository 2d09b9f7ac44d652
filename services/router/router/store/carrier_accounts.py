"""The accounts with which parcels of catalogues are booked at nShift. Their secrets are sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.postgres import Record, Transaction


@dataclass(frozen=True)
class SealedAccount:
    """An account as it is kept."""

    retailer_id: str
    catalogue_id: str
    sealed: bytes
    sender_quick_id: str | None
    changed_at: datetime


async def account_of(tx: Transaction, retailer_id: str, catalogue_id: str) -> SealedAccount | None:
    """The account of a retailer's catalogue; None if it has none."""
    row = await tx.fetch_one(
        "SELECT retailer_id, catalogue_id, sealed, sender_quick_id, changed_at FROM carrier_accounts"
        " WHERE retailer_id = $1 AND catalogue_id = $2",
        retailer_id,
        catalogue_id,
    )
    return None if row is None else _account(row)


async def has_catalogue(tx: Transaction, retailer_id: str, catalogue_id: str) -> bool:
    """Whether the router has heard of a catalogue as this retailer's, also of one that is closed by now."""
    found: bool = await tx.fetch_value(
        "SELECT EXISTS (SELECT FROM catalogues WHERE retailer_id = $1 AND catalogue_id = $2)", retailer_id, catalogue_id
    )
    return found


async def save_account(
    tx: Transaction, retailer_id: str, catalogue_id: str, sealed: bytes, sender_quick_id: str | None
) -> SealedAccount:
    """Write an account over the one the catalogue had."""
    row = await tx.fetch_one(
        "INSERT INTO carrier_accounts (retailer_id, catalogue_id, sealed, sender_quick_id) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (retailer_id, catalogue_id) DO UPDATE SET sealed = excluded.sealed,"
        " sender_quick_id = excluded.sender_quick_id, changed_at = now()"
        " RETURNING retailer_id, catalogue_id, sealed, sender_quick_id, changed_at",
        retailer_id,
        catalogue_id,
        sealed,
        sender_quick_id,
    )
    assert row is not None
    return _account(row)


async def forget_account(tx: Transaction, retailer_id: str, catalogue_id: str) -> bool:
    """Forget the account of a catalogue; False if it has none."""
    gone = await tx.execute(
        "DELETE FROM carrier_accounts WHERE retailer_id = $1 AND catalogue_id = $2", retailer_id, catalogue_id
    )
    return gone > 0


async def accounts_for_update(tx: Transaction, after: tuple[str, str], limit: int) -> Sequence[SealedAccount]:
    """Accounts in the order of retailers and catalogues, those after one, which nobody else changes meanwhile."""
    rows = await tx.fetch(
        "SELECT retailer_id, catalogue_id, sealed, sender_quick_id, changed_at FROM carrier_accounts"
        " WHERE (retailer_id, catalogue_id) > ($1, $2) ORDER BY retailer_id, catalogue_id LIMIT $3 FOR UPDATE",
        *after,
        limit,
    )
    return [_account(row) for row in rows]


async def save_sealed_anew(tx: Transaction, accounts: Sequence[SealedAccount]) -> None:
    """Write what is sealed of locked accounts under another key now."""
    await tx.execute(
        "UPDATE carrier_accounts a SET sealed = anew.sealed FROM unnest($1::text[], $2::text[], $3::bytea[])"
        " AS anew (retailer_id, catalogue_id, sealed)"
        " WHERE a.retailer_id = anew.retailer_id AND a.catalogue_id = anew.catalogue_id",
        [account.retailer_id for account in accounts],
        [account.catalogue_id for account in accounts],
        [account.sealed for account in accounts],
    )


def _account(row: Record) -> SealedAccount:
    return SealedAccount(
        row["retailer_id"], row["catalogue_id"], row["sealed"], row["sender_quick_id"], row["changed_at"]
    )
