"""What inventory is told by its environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Inventory's own settings: `INVENTORY_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="INVENTORY_", extra="ignore")

    max_waiting: int = Field(
        default=8, ge=0, description="A supplier's changes that may wait for one another; beyond it 429"
    )
    max_reservations: int = Field(
        default=1_000, ge=0, description="Carts a retailer may keep stock for at the same time; beyond it 429"
    )
    turn_seconds: float = Field(default=10.0, gt=0, le=60, description="How long a change waits for those before it")
