"""What a service is told by its environment: `<SERVICE>_<FIELD>`, or `SLUICE_<FIELD>` for all services at once."""

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings every service has. A service's own class adds its fields and its prefix."""

    model_config = SettingsConfigDict(extra="ignore")

    database: str = Field(description="PostgreSQL address; its user may act as the role sluice_<schema>")
    kafka: str = Field(description="Kafka bootstrap servers, host:port, comma-separated")
    kafka_namespace: str = Field(
        default="", description="Put before every topic and group, for a broker shared by several systems"
    )
    kafka_partitions: int = Field(default=12, ge=1, description="Partitions of a topic that does not exist yet")
    kafka_replicas: int = Field(default=1, ge=1, description="Replicas of a topic that does not exist yet")
    kafka_session_ms: int = Field(
        default=45_000, ge=1_000, description="Silence after which a consumer's partitions go to another replica"
    )
    kafka_idempotence: bool = Field(default=True, description="Off for a broker without idempotent producers")
    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8080, ge=0, le=65535)
    pool_size: int = Field(default=8, ge=2, description="Connections to PostgreSQL")
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    otlp_endpoint: str | None = Field(default=None, description="OTLP/HTTP address for traces; none: no tracing")
    max_body_bytes: int = Field(default=10_000_000, ge=1_000, description="Larger requests are answered 413")
    max_bodies_bytes: int = Field(
        default=64_000_000, ge=1_000, description="Bodies of all requests in hand together; more are answered 503"
    )
    max_body_seconds: float = Field(
        default=60.0, gt=0, description="A body that takes longer to come is answered 408, and its connection closed"
    )
    requests_per_second: float = Field(
        default=2_000, ge=0, description="Requests of one key in each process; more are answered 429. 0: no bound"
    )
    requests_burst: float = Field(default=5_000, ge=1, description="Requests one key may send at once after a pause")
    sent_days: int = Field(default=7, ge=1, description="How long sent messages are kept")
    inbox_days: int = Field(default=14, ge=2, description="How long message ids are remembered; longer than sent_days")
    sealing_keys: SecretStr = Field(
        default=SecretStr(""), description="Keys that secrets are sealed with, comma-separated, the newest first"
    )
    sealing_keys_file: str | None = Field(default=None, description="A file with such keys, one a line")
    drain_seconds: float = Field(default=25.0, description="How long a stop waits for what is being done")

    @model_validator(mode="after")
    def _remembers_longer_than_it_sends(self) -> "ServiceSettings":
        if self.inbox_days <= self.sent_days:
            raise ValueError(
                f"inbox_days ({self.inbox_days}) must be greater than sent_days ({self.sent_days}): a message that is"
                " sent again must still be known to those who took it"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the service's own variables, then those for all services."""
        return init_settings, env_settings, EnvSettingsSource(settings_cls, env_prefix="SLUICE_")
