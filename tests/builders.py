"""Small things that many tests make: callers with tokens, a service without a network, records as Kafka has them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared import auth, outbox
from shared.contracts import Message
from shared.postgres import Database, Transaction
from shared.rates import Rates
from shared.service import Service

Answer = TypeVar("Answer")

PATIENCE_S = 30.0
PAUSES_S = 0.01, 0.1
"""Between two looks at what is waited for, at first and at most: to look takes time from those who work on it."""


async def eventually(ask: Callable[[], Awaitable[Answer]], wanted: Callable[[Answer], object]) -> Answer:
    """The first answer that is as wanted. What is waited for happens elsewhere; TimeoutError if it never does."""
    pause, longest = PAUSES_S
    async with asyncio.timeout(PATIENCE_S):
        while not wanted(answer := await ask()):
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, longest)
    return answer


@dataclass
class Signer:
    """Signs tokens as the portal does, with a key that services know once `announce` has told them."""

    key_id: str = field(default_factory=lambda: str(uuid4()))
    private_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public_key(self) -> str:
        """The public key as PEM."""
        return self.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    async def announce(self, tx: Transaction) -> None:
        """Make the key known to the service of the transaction's schema."""
        await tx.execute(
            "INSERT INTO token_keys (key_id, public_key, version) VALUES ($1, $2, 1)", self.key_id, self.public_key
        )

    def token(
        self, organisation: str, *roles: str, life: timedelta = timedelta(hours=1), ahead: timedelta = timedelta(0)
    ) -> str:
        """A token for an account of the organisation with these roles; a negative `life` makes an expired one.

        The clock by which it was issued is `ahead` of the right one.
        """
        now = datetime.now(UTC)
        times = {"iat": now + ahead, "exp": now + ahead + life}
        claims = {"sub": f"{organisation}-api", "org": organisation, "roles": roles, **times}
        return jwt.encode(claims, self.private_key, algorithm="EdDSA", headers={"kid": self.key_id})

    def headers(self, organisation: str, *roles: str) -> dict[str, str]:
        """The header that makes a request the organisation's."""
        return {"Authorization": f"Bearer {self.token(organisation, *roles)}"}


@asynccontextmanager
async def client_of(service: Service, database: Database, signer: Signer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service's HTTP interface: its application on a database, without Kafka and without a network."""
    async with database.transaction() as tx:
        await signer.announce(tx)
    state, settings = service.app.state, service.settings
    state.service, state.database, state.settings = service, database, settings
    state.token_keys = auth.TokenKeys(database)
    # One built service may be for many tests, which must not use up each other's requests.
    state.rates = Rates(settings.requests_per_second, settings.requests_burst)
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://sluice.test") as client:
        yield client


@dataclass
class Record:
    """A record as the Kafka client hands it over."""

    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    partition: int = 0


def record(message: Message, *, message_id: UUID | None = None, offset: int = 0) -> Record:
    """A message as a record with an id of its own."""
    return Record(
        topic=message.topic,
        offset=offset,
        key=message.key.encode(),
        value=message.model_dump_json(exclude_defaults=True).encode(),
        headers=[(outbox.MESSAGE_ID, str(message_id or uuid4()).encode())],
    )
