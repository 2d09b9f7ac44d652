"""The key with which a system on one machine seals secrets: made once, in a file of its data folder."""

import os
from pathlib import Path

from shared import sealing

FILE = "sealing-keys"


def file_in(data: Path) -> Path:
    """The file with the key, readable for its owner only; made when there is none. Raises OSError."""
    file = (data / FILE).absolute()
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file
    with os.fdopen(opened, "w") as written:
        written.write(f"{sealing.new_key()}\n")
    return file
