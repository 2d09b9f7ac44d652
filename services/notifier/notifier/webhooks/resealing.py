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
    """The secrets of a webhook, each under the newest key if it can be opened; None when nothing changes by that."""
    secret = _resealed(sealer, kept.id, kept.secret)
    old = None if kept.old_secret is None else _resealed(sealer, kept.id, kept.old_secret)
    older = tuple(_resealed(sealer, kept.id, one) for one in kept.older_secrets)
    anew = SealedSecrets(kept.id, secret, old, older)
    return None if anew == kept else anew


def _resealed(sealer: Sealer, webhook: int, secret: bytes) -> bytes:
    if sealer.is_newest(secret):
        return secret
    try:
        return sealer.seal_anew(secret)
    except sealing.NotOpened:
        log.error("secret of a webhook cannot be opened", webhook=webhook)  # noqa: TRY400 - it is no surprise
        return secret
