"""What the portal is told by its environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The portal's settings: `PORTAL_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_", extra="ignore")

    token_seconds: int = Field(default=3_600, ge=60, le=86_400, description="How long a token is good for")
    key_days: int = Field(default=30, ge=1, description="How long a key signs tokens before the next one takes over")
    key_announce_seconds: int = Field(
        default=120, ge=0, description="How long every service has known a new key before it signs"
    )
