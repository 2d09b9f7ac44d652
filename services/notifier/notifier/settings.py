"""What the notifier is told by its environment."""

from email.headerregistry import Address
from email.utils import parseaddr
from functools import cached_property
from ipaddress import ip_network
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from notifier import domain
from notifier.message_ids import MessageIds
from shared import links
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The mail server, the sender's address, and how patient the sender is."""

    model_config = SettingsConfigDict(env_prefix="NOTIFIER_", extra="ignore")

    smtp: str = Field(default="localhost:25", pattern=r"^[^\s:]+:\d{1,5}$", description="Mail server, host:port")
    smtp_user: str | None = Field(
        default=None, description="Account at the mail server; none: no login. Without TLS only on this machine"
    )
    smtp_password: SecretStr = Field(default=SecretStr(""), description="The account's password")
    smtp_starttls: bool = Field(default=False, description="Insist on STARTTLS; else it is used if offered")
    smtp_connections: int = Field(default=4, ge=1, le=50, description="Mails sent at the same time")
    smtp_timeout_seconds: float = Field(default=20.0, gt=0, le=60, description="Patience for one answer of the server")
    mail_from: str = Field(default="Sluice <sluice@localhost>", description="The sender, as the From line shows it")
    poll_seconds: float = Field(default=1.0, gt=0, description="How often to look for mails that are due")
    retry_first_seconds: float = Field(
        default=30.0, gt=0, description="Pause after the first try; it doubles each time"
    )
    retry_longest_seconds: float = Field(default=3600.0, gt=0, description="The longest pause between two tries")
    retry_days: float = Field(default=4.0, gt=0, description="How long a mail is tried before it counts as refused")
    event_days: int = Field(
        default=30,
        ge=1,
        description="How long events stay in the feeds, webhooks' log entries, and mails about no order",
    )
    stream_seconds: float = Field(
        default=900.0, gt=0, description="After so long a stream of events ends, and its client comes again"
    )
    webhook_receivers: int = Field(
        default=100, ge=1, le=1_000, description="Webhooks that a process sends to at the same time"
    )
    webhook_timeout_seconds: float = Field(default=15.0, gt=0, le=30, description="Patience for one answer")
    webhook_retry_first_seconds: float = Field(
        default=5.0, gt=0, description="Pause after an event was refused; it doubles each time"
    )
    webhook_retry_longest_seconds: float = Field(default=21_600.0, gt=0, description="The longest such pause")
    webhook_retry_days: float = Field(
        default=4.0, gt=0, description="How long one is refused before its webhook pauses"
    )
    webhook_http: bool = Field(default=False, description="Allow webhooks with http:// and on any port")
    webhook_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Networks that webhooks may reach beside the public ones, such as 10.2.0.0/16, comma-separated",
    )
    router_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="Where this service reaches the router, for papers to attach; none: they are only linked",
    )
    attach_minutes: float = Field(
        default=5.0, ge=0, description="How long a mail waits for papers that the router does not give"
    )
    public_url: str = Field(
        default="http://localhost:8080",
        pattern=r"^https?://\S+$",
        description="Where suppliers reach Sluice; for links",
    )

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, given: str) -> str:
        if not domain.is_address(parseaddr(given)[1]):
            raise ValueError("is not a sender such as 'Sluice <sluice@example.com>'")
        return given

    @field_validator("webhook_networks", mode="before")
    @classmethod
    def _one_by_one(cls, given: object) -> object:
        return tuple(one.strip() for one in given.split(",") if one.strip()) if isinstance(given, str) else given

    @field_validator("webhook_networks")
    @classmethod
    def _are_networks(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for network in given:
            ip_network(network)
        return given

    @property
    def sender(self) -> Address:
        """The sender's name and address."""
        name, address = parseaddr(self.mail_from)
        return Address(display_name=name, addr_spec=address)

    @cached_property
    def message_ids(self) -> MessageIds:
        """What names mails. Raises OSError without the file of the keys."""
        return MessageIds(self.sender.domain, links.signer_of(self))

    @property
    def smtp_address(self) -> tuple[str, int]:
        """The mail server's host and port."""
        host, _, port = self.smtp.rpartition(":")
        return host, int(port)

    @property
    def patience(self) -> domain.Patience:
        """How long the server's "not now" is put up with."""
        return domain.Patience(self.retry_first_seconds, self.retry_longest_seconds, self.retry_days * 86_400)

    @property
    def patience_with_papers(self) -> domain.Patience:
        """How long a mail waits for papers."""
        return domain.Patience(self.retry_first_seconds, self.retry_longest_seconds, self.attach_minutes * 60)

    @property
    def webhook_patience(self) -> domain.Patience:
        """How long it is put up with that a receiver refuses an event."""
        return domain.Patience(
            self.webhook_retry_first_seconds, self.webhook_retry_longest_seconds, self.webhook_retry_days * 86_400
        )
