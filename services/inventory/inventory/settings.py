"""What inventory is told by its environment."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """`INVENTORY_<FIELD>`; inventory has no settings of its own."""

    model_config = SettingsConfigDict(env_prefix="INVENTORY_", extra="ignore")
