"""Bringing the secrets of all webhooks under the newest key, so that an older one can be taken away."""

import structlog

from notifier.webhooks import store
from notifier.webhooks.store import SealedSecrets
from shared import sealing
from shared.postgres import Database
from shared.sealing import Sealer

log = structlog.get_logger()

AT_ONCE = 200


async def seal_anew(database: Database, sealer: Sealer, at_once: int = AT_ONCE) -> int:
    """Seal with the newest key what is sealed with another; how many webhooks that were.

    What none of the keys opens is left as it is, and logged.
    """
    after, count = 0, 0
    while sealer.can_seal:
        async with database.transaction() as tx:
            kept = await store.secrets_for_update(tx, after, at_once)
            anew = [sealed for one in kept if (sealed := _anew(sealer, one)) is not None]
            await store.save_sealed_anew(tx, anew)
        count += len(anew)
        if len(kept) < at_once:
            break
        after = kept[-1].id
    return count


def _anew(sealer: Sealer, kept: SealedSecrets) -> SealedSecrets | None:
    """The secrets of a webhook under the newest key; None when they are so already, or cannot be opened."""
    both = [kept.secret, *([] if kept.old_secret is None else [kept.old_secret])]
    if all(map(sealer.is_newest, both)):
        return None
    try:
        secret, *old = map(sealer.seal_anew, both)
    except sealing.NotOpened:
        log.error("secret of a webhook cannot be opened", webhook=kept.id)  # noqa: TRY400 - it is no surprise
        return None
    return SealedSecrets(kept.id, secret, old[0] if old else None)
