"""What the router is told by its environment: `ROUTER_<FIELD>`."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from router.carriers import nshift
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The router's own settings beside those every service has."""

    model_config = SettingsConfigDict(env_prefix="ROUTER_", extra="ignore")

    grace_seconds: float = Field(
        default=2.0, ge=0, le=60, description="How long an order waits for news of a product nobody was heard to have"
    )
    acceptance_hours: float = Field(
        default=24.0,
        gt=0,
        le=8_760,
        description="How long a supplier has to open a new shipment, unless its catalogue says how long",
    )
    nshift: str = Field(
        default=nshift.PUBLIC, pattern=r"^https?://\S+$", description="Address of nShift, where parcels are booked"
    )
