"""Carrier accounts, sealed and opened: a secret is in no table, no log and no answer."""

import orjson

from router.carriers.carrier import Account
from router.store import carrier_accounts
from router.store.carrier_accounts import SealedAccount
from shared.postgres import Database
from shared.sealing import Sealer

AT_ONCE = 500


def sealed(sealer: Sealer, retailer_id: str, catalogue_id: str, user: str, secret: str) -> bytes:
    """An account's user and secret as they are kept, for this catalogue alone. Raises sealing.NoKey."""
    return sealer.seal(orjson.dumps([user, secret]).decode(), _name(retailer_id, catalogue_id))


def opened(sealer: Sealer, kept: SealedAccount) -> Account:
    """The account as it was given. Raises sealing.NoKey or sealing.NotOpened."""
    user, secret = orjson.loads(sealer.open(kept.sealed, _name(kept.retailer_id, kept.catalogue_id)))
    return Account(user, secret, kept.sender_quick_id)


async def seal_anew(database: Database, sealer: Sealer) -> int:
    """Bring all accounts under the newest key; returns how many had another. Raises sealing.NotOpened."""
    after, count = ("", ""), 0
    while True:
        async with database.transaction() as tx:
            kept = await carrier_accounts.accounts_for_update(tx, after, AT_ONCE)
            old = [account for account in kept if not sealer.is_newest(account.sealed)]
            await carrier_accounts.save_sealed_anew(
                tx,
                [
                    SealedAccount(
                        account.retailer_id,
                        account.catalogue_id,
                        sealer.seal_anew(account.sealed),
                        account.sender_quick_id,
                        account.changed_at,
                    )
                    for account in old
                ],
            )
        count += len(old)
        if len(kept) < AT_ONCE:
            return count
        after = (kept[-1].retailer_id, kept[-1].catalogue_id)


def _name(retailer_id: str, catalogue_id: str) -> str:
    # No id has a NUL in it, so no two catalogues are mixed up.
    return f"carrier account {retailer_id}\0{catalogue_id}"
