"""Who takes part, and how their tokens are checked."""

from datetime import datetime
from typing import ClassVar, Literal

from shared.contracts.message import Event, Part

Role = Literal["retailer", "supplier", "operator"]


class OrganisationChanged(Event):
    """An organisation was added or changed. A whole snapshot: the highest version wins."""

    topic: ClassVar[str] = "portal.organisation-changed.v1"

    business_id: str
    name: str
    roles: tuple[Role, ...]
    email: str | None = None
    language: str = "en"
    version: int

    @property
    def key(self) -> str:
        """The business id."""
        return self.business_id


class TokenKey(Part):
    """A public key with which tokens are checked until it expires. `public_key` is PEM, Ed25519."""

    key_id: str
    public_key: str
    expires_at: datetime | None = None


class TokenKeysChanged(Event):
    """The keys with which tokens may be signed from now on. A whole snapshot: the highest version wins."""

    topic: ClassVar[str] = "portal.token-keys-changed.v1"

    keys: tuple[TokenKey, ...]
    version: int

    @property
    def key(self) -> str:
        """One key for all: there is one set of token keys."""
        return "token-keys"
