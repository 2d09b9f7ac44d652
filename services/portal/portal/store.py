"""The portal's tables, one function for each statement."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from portal.domain import Counter, SigningKey, Tries
from shared import postgres
from shared.contracts import Role
from shared.postgres import Record, Transaction


async def organisation(tx: Transaction, business_id: str) -> Record | None:
    """An organisation's record; None when there is none or the transaction may not see it."""
    return await tx.fetch_one("SELECT * FROM organisations WHERE business_id = $1", business_id)


async def organisations(tx: Transaction, *, limit: int, offset: int) -> Sequence[Record]:
    """A page of the organisations, by business id."""
    return await tx.fetch("SELECT * FROM organisations ORDER BY business_id LIMIT $1 OFFSET $2", limit, offset)


async def count_of_organisations(tx: Transaction) -> int:
    """How many organisations there are."""
    count: int = await tx.fetch_value("SELECT count(*) FROM organisations")
    return count


async def save_organisation(
    tx: Transaction, business_id: str, name: str, roles: Sequence[Role], email: str | None, language: str
) -> Record | None:
    """Add an organisation, or change it and count its version up; None when everything is as it was."""
    return await tx.fetch_one(
        "INSERT INTO organisations AS known (business_id, name, roles, email, language)"
        " VALUES ($1, $2, $3::text[], $4, $5)"
        " ON CONFLICT (business_id) DO UPDATE SET name = excluded.name, roles = excluded.roles, email = excluded.email,"
        " language = excluded.language, version = known.version + 1, updated_at = now()"
        " WHERE (known.name, known.roles, known.email, known.language)"
        " IS DISTINCT FROM (excluded.name, excluded.roles, excluded.email, excluded.language)"
        " RETURNING *",
        business_id,
        name,
        list(roles),
        email,
        language,
    )


async def key(tx: Transaction, account: str) -> Record | None:
    """A key that is not revoked: `secret_hash`, and the `business_id` and `roles` of its organisation."""
    return await tx.fetch_one(
        "SELECT k.secret_hash, o.business_id, o.roles FROM api_keys k JOIN organisations o USING (business_id)"
        " WHERE k.account = $1 AND k.revoked_at IS NULL",
        account,
    )


async def keys_of(tx: Transaction, business_id: str) -> Sequence[Record]:
    """The keys of an organisation, also the revoked ones, by account."""
    return await tx.fetch(
        "SELECT account, created_at, revoked_at, last_used_at FROM api_keys WHERE business_id = $1 ORDER BY account",
        business_id,
    )


async def save_key(tx: Transaction, business_id: str, account: str, secret_hash: str) -> bool:
    """Add a key, or give it a new secret; False when the account is another organisation's."""
    return bool(
        await tx.execute(
            "INSERT INTO api_keys AS known (account, business_id, secret_hash) VALUES ($1, $2, $3)"
            " ON CONFLICT (account) DO UPDATE SET secret_hash = excluded.secret_hash, created_at = now(),"
            " revoked_at = NULL WHERE known.business_id = excluded.business_id",
            account,
            business_id,
            secret_hash,
        )
    )


async def revoke_key(tx: Transaction, business_id: str, account: str) -> bool:
    """Revoke a key of an organisation; False when it has no such key."""
    return bool(
        await tx.execute(
            "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE business_id = $1 AND account = $2",
            business_id,
            account,
        )
    )


async def note_use_of_key(tx: Transaction, account: str) -> None:
    """Note that a key was used, to the minute: a busy shop need not write each time."""
    await tx.execute(
        "UPDATE api_keys SET last_used_at = now()"
        " WHERE account = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')",
        account,
    )


async def bad_tries(tx: Transaction, counters: Collection[Counter]) -> dict[Counter, Tries]:
    """What is counted so far."""
    return _tries(
        await tx.fetch(
            "SELECT account, source, tries, since, locked_until FROM bad_tries"
            " JOIN unnest($1::text[], $2::text[]) AS asked (account, source) USING (account, source)",
            *_columns(counters),
        )
    )


async def begin_counting(tx: Transaction, counters: Collection[Counter]) -> None:
    """See that each counter has a row that can be locked."""
    await tx.execute(
        "INSERT INTO bad_tries (account, source, tries, since)"
        " SELECT account, source, 0, now() FROM unnest($1::text[], $2::text[]) AS asked (account, source)"
        " ORDER BY account, source ON CONFLICT DO NOTHING",
        *_columns(counters),
    )


async def bad_tries_for_update(tx: Transaction, counters: Collection[Counter]) -> dict[Counter, Tries]:
    """What is counted so far, locked until the transaction ends."""
    return _tries(
        await tx.fetch(
            "SELECT account, source, tries, since, locked_until FROM bad_tries"
            " WHERE (account, source) IN (SELECT * FROM unnest($1::text[], $2::text[]))"
            " ORDER BY account, source FOR UPDATE",
            *_columns(counters),
        )
    )


async def save_bad_tries(tx: Transaction, counted: Mapping[Counter, Tries]) -> None:
    """Keep what is counted now, of counters that were locked."""
    await tx.execute(
        "UPDATE bad_tries SET tries = new.tries, since = new.since, locked_until = new.locked_until"
        " FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[], $5::timestamptz[])"
        " AS new (account, source, tries, since, locked_until)"
        " WHERE (bad_tries.account, bad_tries.source) = (new.account, new.source)",
        *postgres.columns(
            ((c.account, c.source, t.count, t.since, t.locked_until) for c, t in counted.items()),
            5,
        ),
    )


async def forgive(tx: Transaction, account: str, source: str) -> None:
    """Count from nought again for an account from a source, which has just shown that it knows the secret."""
    await tx.execute(
        "UPDATE bad_tries SET tries = 0, locked_until = NULL WHERE account = $1 AND source = $2 AND tries > 0",
        account,
        source,
    )


async def unlock(tx: Transaction, account: str) -> None:
    """Count from nought again for an account from everywhere: it has a new secret."""
    await tx.execute("UPDATE bad_tries SET tries = 0, locked_until = NULL WHERE account = $1", account)


async def forget_bad_tries(tx: Transaction, age: timedelta) -> int:
    """Delete counters that began longer ago than `age` and lock nothing; how many."""
    return await tx.execute(
        "DELETE FROM bad_tries WHERE (account, source) IN (SELECT account, source FROM bad_tries"
        " WHERE since < now() - $1::interval AND (locked_until IS NULL OR locked_until < now())"
        " ORDER BY account, source FOR UPDATE SKIP LOCKED)",
        age,
    )


async def lock_signing_keys(tx: Transaction) -> None:
    """Be the only one who changes or announces the set of signing keys, until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('sluice.portal.signing-keys'))")


async def signing_keys(tx: Transaction) -> list[SigningKey]:
    """The keys whose tokens are accepted, oldest first."""
    return [
        SigningKey(row["key_id"], row["private_key"], row["public_key"], row["signs_from"], row["expires_at"])
        for row in await tx.fetch(
            "SELECT key_id, private_key, public_key, signs_from, expires_at FROM token_signing_keys"
            " WHERE expires_at IS NULL OR expires_at > now() ORDER BY signs_from"
        )
    ]


async def end_newest_signing_key(tx: Transaction, expires_at: datetime) -> None:
    """Set the end of the key that has none yet."""
    await tx.execute("UPDATE token_signing_keys SET expires_at = $1 WHERE expires_at IS NULL", expires_at)


async def save_signing_key(tx: Transaction, new: SigningKey) -> None:
    """Add a key."""
    await tx.execute(
        "INSERT INTO token_signing_keys (key_id, private_key, public_key, signs_from, expires_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        new.key_id,
        new.private_key,
        new.public_key,
        new.signs_from,
        new.expires_at,
    )


async def delete_expired_signing_keys(tx: Transaction) -> None:
    """Delete the keys whose last token has expired."""
    await tx.execute("DELETE FROM token_signing_keys WHERE expires_at <= now()")


async def next_version_of_token_keys(tx: Transaction) -> int:
    """The number of the next announcement; call it with the signing keys locked, so that numbers follow the changes."""
    version: int = await tx.fetch_value("SELECT nextval('token_keys_version')")
    return version


def _tries(rows: Sequence[Record]) -> dict[Counter, Tries]:
    return {
        Counter(row["account"], row["source"]): Tries(row["tries"], row["since"], row["locked_until"]) for row in rows
    }


def _columns(counters: Collection[Counter]) -> list[list[str]]:
    return postgres.columns(((counter.account, counter.source) for counter in counters), 2)
