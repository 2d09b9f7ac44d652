"""What the order book is told by its environment."""

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of order-intake: `ORDER_INTAKE_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="ORDER_INTAKE_", extra="ignore")

    max_body_bytes: int = Field(default=2_000_000, ge=1_000, description="A larger order is answered 413")
    max_rows: int = Field(default=1_000, ge=1, description="An order with more rows is answered 400")
    max_waiting: int = Field(default=2_000, ge=1, description="Orders that may wait to be written; beyond it 503")
    order_days: int = Field(
        default=400, ge=0, description="How long orders are kept after they have ended, in days. 0: for ever"
    )

    @model_validator(mode="after")
    def _keeps_orders_longer_than_messages(self) -> "Settings":
        if 0 < self.order_days <= self.inbox_days:
            raise ValueError(
                f"order_days ({self.order_days}) must be 0 or greater than inbox_days ({self.inbox_days}): a message"
                " that comes again must still find its order, or be known to have been taken"
            )
        return self
