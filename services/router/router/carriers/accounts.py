"""Carrier accounts, sealed and opened: a secret is in no table, no log and no answer."""

from dataclasses import replace

import orjson
import structlog

from router.carriers.carrier import Account
from router.store import carrier_accounts
from router.store.carrier_accounts import SealedAccount
from shared import sealing
from shared.postgres import Database
from shared.sealing import Sealer

log = structlog.get_logger()

AT_ONCE = 500


def sealed(sealer: Sealer, retailer_id: str, catalogue_id: str, user: str, secret: str) -> bytes:
    """An account's user and secret as they are kept, for this catalogue alone. Raises sealing.NoKey."""
    return sealer.seal(orjson.dumps([user, secret]).decode(), _name(retailer_id, catalogue_id))


def opened(sealer: Sealer, kept: SealedAccount) -> Account:
    """The account as it was given. Raises sealing.NoKey or sealing.NotOpened."""
    user, secret = orjson.loads(sealer.open(kept.sealed, _name(kept.retailer_id, kept.catalogue_id)))
    return Account(user, secret, kept.sender_quick_id)


async def seal_anew(database: Database, sealer: Sealer) -> int:
    """Bring all accounts under the newest key; returns how many had another.

    What none of the keys opens is left as it is, and logged. Raises sealing.NoKey.
    """
    after, count = ("", ""), 0
    while True:
        async with database.transaction() as tx:
            kept = await carrier_accounts.accounts_for_update(tx, after, AT_ONCE)
            anew = [account for one in kept if (account := _anew(sealer, one)) is not None]
            await carrier_accounts.save_sealed_anew(tx, anew)
        count += len(anew)
        if len(kept) < AT_ONCE:
            return count
        after = (kept[-1].retailer_id, kept[-1].catalogue_id)


def _anew(sealer: Sealer, kept: SealedAccount) -> SealedAccount | None:
    """An account under the newest key; None when it is so already, or cannot be opened."""
    if sealer.is_newest(kept.sealed):
        return None
    try:
        return replace(kept, sealed=sealer.seal_anew(kept.sealed))
    except sealing.NotOpened:
        # It has to be given again; the others are not held up by it.
        log.error("carrier account cannot be opened", catalogue=kept.catalogue_id)  # noqa: TRY400 - it is no surprise
        return None


def _name(retailer_id: str, catalogue_id: str) -> str:
    # No id has a NUL in it, so no two catalogues are mixed up.
    return f"carrier account {retailer_id}\0{catalogue_id}"
