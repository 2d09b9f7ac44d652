"""What the router is told by its environment: `ROUTER_<FIELD>`."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The router's own settings beside those every service has."""

    model_config = SettingsConfigDict(env_prefix="ROUTER_", extra="ignore")

    acceptance_hours: float = Field(
        default=24.0, gt=0, le=8_760, description="How long a supplier has to open a new shipment"
    )
