"""What the order book is told by its environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of order-intake: `ORDER_INTAKE_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="ORDER_INTAKE_", extra="ignore")

    max_body_bytes: int = Field(default=2_000_000, ge=1_000, description="A larger order is answered 413")
    max_rows: int = Field(default=1_000, ge=1, description="An order with more rows is answered 400")
    max_waiting: int = Field(default=2_000, ge=1, description="Orders that may wait to be written; beyond it 503")
