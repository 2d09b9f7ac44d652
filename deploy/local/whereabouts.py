"""Where the running system is: what `sluice up` notes in its data folder, and every other command reads."""

import os
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from deploy.local.trouble import CannotStart

DEFAULT_DATA = Path(".sluice")
FILE = "running.json"


class Whereabouts(BaseModel):
    """Addresses of a system. `environment` is what its services are told; `ports` where each listens, if apart."""

    address: str = ""
    pid: int = 0
    mail: str = ""
    environment: dict[str, str] = Field(default_factory=dict)
    ports: dict[str, int] = Field(default_factory=dict)

    def save(self, data: Path) -> None:
        """Note it in the data folder, readable for its owner only: the address of the database has its password."""
        draft = data / f"{FILE}.part"
        draft.touch(mode=0o600)
        draft.write_text(self.model_dump_json(indent=2))
        draft.replace(data / FILE)


def of(data: Path) -> Whereabouts:
    """What is noted in a data folder; nothing when no system ever ran there. Raises CannotStart if unreadable."""
    try:
        return Whereabouts.model_validate_json((data / FILE).read_text())
    except FileNotFoundError:
        return Whereabouts()
    except (OSError, ValidationError) as error:
        raise CannotStart(
            "This command", f"{data / FILE} cannot be read ({error})", "Remove it and run sluice up"
        ) from None


def adopt(data: Path) -> Whereabouts:
    """Take the system of a data folder for this process's own, as far as the environment does not name another."""
    found = of(data)
    for name, value in found.environment.items():
        os.environ.setdefault(name, value)
    return found
