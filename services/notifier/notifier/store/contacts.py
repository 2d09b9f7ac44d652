"""Whom to write to at organisations, and what they have chosen."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from notifier.domain import TIME_ZONE, Choice, Contact, Language
from notifier.hours import Quiet, Timing
from shared import postgres
from shared.contracts import OrganisationChanged
from shared.postgres import Record, Transaction

CHOSEN = "emails, new_shipment, choices, quiet_from, quiet_until, time_zone"
"""The columns of a contact that `contact_of` reads, besides `known`."""


@dataclass(frozen=True)
class ContactSettings:
    """What an organisation has set for its notifications."""

    contact: Contact
    language: Language


@dataclass(frozen=True)
class Summary:
    """An organisation whose weekly summary is due, and how often what happened in its feed since the last one, or in
    the seven days before the first. `summed_up_to` is the position up to which is counted now.
    """

    organisation: str
    contact: Contact
    due: datetime
    counts: Mapping[str, int]
    summed_up_to: int


async def save_contacts(tx: Transaction, organisations: Collection[OrganisationChanged]) -> None:
    """Keep what organisations say of themselves, newest version only. Settings they gave here themselves stay."""
    await tx.execute(
        "INSERT INTO contacts (business_id, name, emails, language, version)"
        " SELECT business_id, name, CASE WHEN email IS NULL THEN '{}' ELSE ARRAY[email] END, language, version"
        " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[])"
        " AS given (business_id, name, email, language, version) ORDER BY business_id"
        " ON CONFLICT (business_id) DO UPDATE SET name = excluded.name, version = excluded.version,"
        " emails = CASE WHEN contacts.own THEN contacts.emails ELSE excluded.emails END,"
        " language = CASE WHEN contacts.own THEN contacts.language ELSE excluded.language END"
        " WHERE contacts.version < excluded.version",
        *postgres.columns(((o.business_id, o.name, o.email, o.language, o.version) for o in organisations), 5),
    )


async def note_suppliers(tx: Transaction, business_ids: Collection[str]) -> None:
    """Make room for contacts that are not known yet."""
    await tx.execute(
        "INSERT INTO contacts (business_id) SELECT * FROM unnest($1::text[]) AS id ORDER BY id ON CONFLICT DO NOTHING",
        list(business_ids),
    )


async def contacts_to_rely_on(tx: Transaction, business_ids: Collection[str]) -> dict[str, Contact]:
    """Contacts by business id, which nobody else changes until the transaction ends. Brings its time along."""
    rows = await tx.fetch(
        f"SELECT business_id, {CHOSEN}, own OR version > 0 AS known, now() AS now FROM contacts"  # noqa: S608
        " WHERE business_id = ANY($1::text[]) ORDER BY business_id FOR SHARE",
        list(business_ids),
    )
    for row in rows[:1]:
        tx.began_at(row["now"])
    return {row["business_id"]: contact_of(row) for row in rows}


async def contact_to_change(tx: Transaction, business_id: str) -> Contact | None:
    """A contact that nobody else changes or relies on until the transaction ends; None when there is none."""
    row = await tx.fetch_one(
        f"SELECT {CHOSEN}, own OR version > 0 AS known FROM contacts WHERE business_id = $1 FOR UPDATE",  # noqa: S608
        business_id,
    )
    return None if row is None else contact_of(row)


async def contact_settings(tx: Transaction, business_id: str) -> ContactSettings:
    """An organisation's settings; nothing and no address when it is not known yet."""
    row = await tx.fetch_one(
        f"SELECT {CHOSEN}, language, own OR version > 0 AS known FROM contacts WHERE business_id = $1",  # noqa: S608
        business_id,
    )
    return ContactSettings(Contact(False, (), True), "en") if row is None else _settings(row)


async def save_settings(
    tx: Transaction,
    business_id: str,
    emails: Sequence[str],
    new_shipment: bool,
    language: Language | None,
    *,
    choices: Mapping[str, Choice] | None = None,
    quiet: Quiet | None = None,
    time_zone: str = TIME_ZONE,
    summary_at: datetime | None = None,
) -> ContactSettings:
    """Keep the settings an organisation gave; without a language it keeps the one it has.

    A weekly summary that is due is written as it was to be, and the first after a while without any begins anew.
    """
    row = await tx.fetch_one(
        "INSERT INTO contacts (business_id, emails, new_shipment, language, own,"  # noqa: S608
        " choices, quiet_from, quiet_until,"
        " time_zone, summary_at)"
        " VALUES ($1, $2, $3, coalesce($4, 'en'), true, $5, $6, $7, $8, $9)"
        " ON CONFLICT (business_id) DO UPDATE SET emails = excluded.emails, new_shipment = excluded.new_shipment,"
        " language = coalesce($4, contacts.language), own = true, choices = excluded.choices,"
        " quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, time_zone = excluded.time_zone,"
        " summary_at = CASE WHEN contacts.summary_at <= now() AND excluded.summary_at IS NOT NULL"
        " THEN contacts.summary_at ELSE excluded.summary_at END,"
        " summed_up_to = CASE WHEN contacts.summary_at IS NOT NULL AND excluded.summary_at IS NOT NULL"
        " THEN contacts.summed_up_to END"
        f" RETURNING {CHOSEN}, language, true AS known",
        business_id,
        list(emails),
        new_shipment,
        language,
        _kept(choices or {}),
        quiet and quiet.begin,
        quiet and quiet.end,
        time_zone,
        summary_at,
    )
    assert row is not None
    return _settings(row)


async def change_choice(tx: Transaction, business_id: str, email: str, choice: Choice) -> None:
    """Keep what an address of an organisation has chosen. All else stays."""
    await tx.execute(
        "UPDATE contacts SET choices = choices || $3 WHERE business_id = $1 AND $2 = ANY(emails)",
        business_id,
        email,
        _kept({email: choice}),
    )


async def summaries_due(tx: Transaction, limit: int) -> Sequence[Summary]:
    """The organisations whose weekly summary is due, taken by nobody else until the transaction ends.

    The times of a feed grow with its positions: what was told before the summary was due is what stands before
    everything else, and the next one begins behind it.
    """
    rows = await tx.fetch(
        f"WITH due AS (SELECT business_id, {CHOSEN}, summary_at, summed_up_to, true AS known FROM contacts"  # noqa: S608
        " WHERE summary_at <= now() ORDER BY business_id LIMIT $1 FOR UPDATE SKIP LOCKED)"
        " SELECT due.*, coalesce(counted.until, due.summed_up_to, 0) AS until, counted.counts FROM due, LATERAL"
        " (SELECT max(until) AS until, coalesce(jsonb_object_agg(type, count) FILTER (WHERE count > 0), '{}') AS counts"
        " FROM (SELECT type, max(position) AS until, count(*) FILTER (WHERE due.summed_up_to IS NOT NULL"
        " OR told_at >= due.summary_at - make_interval(days => 7)) AS count FROM events"
        " WHERE organisation = due.business_id AND position > coalesce(due.summed_up_to, 0)"
        " AND told_at < due.summary_at GROUP BY type) AS of_type) AS counted",
        limit,
    )
    return [
        Summary(row["business_id"], contact_of(row), row["summary_at"], row["counts"], row["until"]) for row in rows
    ]


async def plan_summaries(tx: Transaction, planned: Sequence[tuple[str, datetime, int]]) -> None:
    """Note when the next summaries of organisations are due, and behind which positions they begin."""
    await tx.execute(
        "UPDATE contacts SET summary_at = next.due, summed_up_to = next.position"
        " FROM unnest($1::text[], $2::timestamptz[], $3::bigint[]) AS next (id, due, position)"
        " WHERE business_id = next.id",
        *postgres.columns(planned, 3),
    )


def contact_of(row: Record) -> Contact:
    """The contact in a row with the columns of `CHOSEN` and `known`."""
    quiet = None if row["quiet_from"] is None else Quiet(row["quiet_from"], row["quiet_until"])
    choices = {email: _choice(kept) for email, kept in row["choices"].items()}
    return Contact(row["known"], tuple(row["emails"]), row["new_shipment"], choices, quiet, row["time_zone"])


def _settings(row: Record) -> ContactSettings:
    return ContactSettings(contact_of(row), row["language"])


def _kept(choices: Mapping[str, Choice]) -> bytes:
    return orjson.dumps(
        {
            email: {
                "kinds": sorted(choice.kinds),
                "timing": _timing_kept(choice.timing),
                "retailers": {retailer: _timing_kept(timing) for retailer, timing in choice.retailers.items()},
                "attach_note": choice.attach_note,
            }
            for email, choice in choices.items()
        }
    )


def _choice(kept: dict[str, Any]) -> Choice:
    return Choice(
        kinds=frozenset(kept["kinds"]),
        timing=Timing(*kept["timing"]),
        retailers={retailer: Timing(*timing) for retailer, timing in kept["retailers"].items()},
        # An earlier release did not ask.
        attach_note=kept.get("attach_note", False),
    )


def _timing_kept(timing: Timing) -> list[str | int]:
    return [timing.pace, timing.hour]
