"""Who takes part and with which keys: what the API and the command line both do, each in a transaction it is given."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from portal import domain, hashing, store
from shared import outbox, problems, wire
from shared.contracts import OrganisationChanged, Role
from shared.postgres import Record, Transaction


class NotPossible(Exception):
    """What was asked cannot be done; the text says why in one line."""


class NotValid(NotPossible):
    """A value is not valid; `errors` names every field that is not."""

    def __init__(self, errors: Sequence[problems.FieldError]) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


class UnknownOrganisation(NotPossible):
    """There is no organisation with the business id."""


class UnknownKey(NotPossible):
    """The organisation has no key with the account."""


class AccountTaken(NotPossible):
    """The account is the key of another organisation."""


class OrganisationBody(wire.WireModel):
    """What can be said of an organisation."""

    name: Annotated[str, AfterValidator(domain.valid_name)] = Field(
        description="What people call it", examples=["Nordic Outdoor Shop"]
    )
    roles: Annotated[tuple[Role, ...], AfterValidator(domain.valid_roles)] = Field(
        description="What it does: retailers place orders, suppliers deliver them, operators run the system"
    )
    email: Annotated[wire.Text, AfterValidator(domain.valid_email)] = Field(
        default=None, description="Where it is written to"
    )
    language: Annotated[str, AfterValidator(domain.valid_language)] = Field(
        default="en", description="In which language it is written to: fi, sv or en"
    )


class Organisation(OrganisationBody):
    """An organisation and its business id."""

    business_id: Annotated[str, AfterValidator(domain.valid_business_id)] = Field(
        description="The Finnish business id, with its dash and its check digit", examples=["0109357-9"]
    )


class Registered(Organisation):
    """An organisation as it is kept."""

    version: int = Field(description="Counts the changes; 1 when it was added")
    created_at: wire.Moment = Field(description="When it was added")
    updated_at: wire.Moment = Field(description="When it was changed last")


class Key(wire.WireModel):
    """An API key: under which name and with which secret a program fetches tokens."""

    account: Annotated[str, AfterValidator(domain.valid_account)] = Field(description="Unique in the whole system")
    secret: Annotated[wire.Text, AfterValidator(domain.valid_secret)] = Field(
        default=None, description="Left out, a long random one is made"
    )


@dataclass(frozen=True)
class NewKey:
    """A key that is about to be given, with the hash that is kept of its secret."""

    account: str
    secret: str = field(repr=False)
    secret_hash: str = field(repr=False)


def registered(row: Record) -> Registered:
    """An organisation from its row."""
    return Registered(
        business_id=row["business_id"],
        name=row["name"],
        roles=tuple(row["roles"]),
        email=row["email"],
        language=row["language"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


async def save_organisation(tx: Transaction, organisation: Organisation) -> Registered:
    """Add or change an organisation, and tell everybody when something is different from before."""
    row = await store.save_organisation(
        tx,
        organisation.business_id,
        organisation.name,
        organisation.roles,
        organisation.email,
        organisation.language,
    )
    if row is None:
        return await known_organisation(tx, organisation.business_id)
    saved = registered(row)
    await outbox.put(
        tx,
        OrganisationChanged(
            business_id=saved.business_id,
            name=saved.name,
            roles=saved.roles,
            email=saved.email,
            language=saved.language,
            version=saved.version,
        ),
    )
    return saved


async def add_organisation(
    tx: Transaction,
    business_id: str,
    name: str,
    roles: Sequence[str],
    email: str | None = None,
    language: str = "en",
) -> Registered:
    """Add or change an organisation. The same values again change nothing. Raises NotValid."""
    values = {"businessId": business_id, "name": name, "roles": roles, "email": email, "language": language}
    try:
        organisation = Organisation.model_validate(values)
    except ValidationError as error:
        raise NotValid(problems.field_errors(error)) from None
    return await save_organisation(tx, organisation)


async def known_organisation(tx: Transaction, business_id: str) -> Registered:
    """An organisation the transaction may see. Raises UnknownOrganisation."""
    row = await store.organisation(tx, business_id)
    if row is None:
        raise UnknownOrganisation(f"There is no organisation {business_id}")
    return registered(row)


async def new_key(account: str, secret: str | None = None) -> NewKey:
    """A key to give: its secret, made when there is none, and the hash that is kept of it. Raises NotValid.

    Belongs outside of any transaction: working out the hash takes a while.
    """
    try:
        secret = Key(account=account, secret=secret).secret or secrets.token_urlsafe(32)
    except ValidationError as error:
        raise NotValid(problems.field_errors(error)) from None
    return NewKey(account, secret, await asyncio.to_thread(hashing.hashed, secret))


async def add_key(tx: Transaction, business_id: str, key: NewKey) -> None:
    """Give an organisation a key, whose secret is not kept and cannot be asked for again.

    An account the organisation has already gets the new secret, and is neither revoked nor locked any more. Raises
    UnknownOrganisation or AccountTaken.
    """
    await known_organisation(tx, business_id)
    if not await store.save_key(tx, business_id, key.account, key.secret_hash):
        raise AccountTaken(f"The account {key.account} belongs to another organisation")
    await store.unlock(tx, key.account)


async def revoke_key(tx: Transaction, business_id: str, account: str) -> None:
    """Let a key fetch no more tokens; those it has live until they expire. Raises UnknownKey."""
    if not await store.revoke_key(tx, business_id, account):
        raise UnknownKey(f"The organisation {business_id} has no key {account}")
