"""A disk for the database that is full for a while: PostgreSQL's own `No space left on device`, and no other's harm."""

import asyncio
import os
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from deploy.local import launcher, postgres_data
from deploy.local.postgres_server import PostgresServer
from deploy.local.server_process import Account, ServerProcess
from tests.faults import fault, image
from tests.faults.fault import Fault, Missed, Place, Servers
from tests.faults.ground import Ground

SMALL_DISK = Path(__file__).with_name("small_disk.py")
ROOM = 64 * 2**20
PIECE = 2**20


class Confined(PostgresServer):
    """A PostgreSQL whose tables are on a small disk of their own; its log of changes is where it always is."""

    async def _launch(self, command: Sequence[str | Path], account: Account | None) -> ServerProcess:
        base = self._data / "postgres" / "base"
        size = sum(file.stat().st_size for file in base.rglob("*") if file.is_file()) + ROOM
        after = (sys.executable, "-I", "-S", launcher.__file__, os.getpid(), 9, *(account or ("-", "-")), *command)
        return await super()._launch(_on_small_disk(base, size, account, [str(part) for part in after]), None)

    @property
    def ballast(self) -> Path:
        """A file on that disk, to be seen only through PostgreSQL's process."""
        leader = (self._data / "postgres" / "postmaster.pid").read_text().split("\n")[0]
        return Path(f"/proc/{leader}/root{self._data}/postgres/base/ballast")

    @property
    def complaints(self) -> int:
        """How often it has said that there is no space left."""
        return self._log.read_text(errors="replace").count("No space left on device")


@asynccontextmanager
async def servers_on_a_small_disk(place: Place) -> AsyncIterator[Servers]:
    """PostgreSQL on a small disk, and the embedded broker on none."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(image.copy, place.world, place.folder)
        postgres = Confined(place.folder, settings=image.CARELESS)
        broker = fault.embedded_broker(place)
        await stack.enter_async_context(postgres)
        await stack.enter_async_context(broker)
        yield Servers(postgres, broker)


async def full(ground: Ground, chance: random.Random) -> None:
    """Somebody fills the disk, and somebody makes room again."""
    postgres = ground.servers.postgres
    assert isinstance(postgres, Confined)
    before, ballast = postgres.complaints, postgres.ballast
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        _fill(descriptor)
        await asyncio.sleep(chance.uniform(0.5, 2.0))
    finally:
        os.close(descriptor)
        ballast.unlink()
    complaints = postgres.complaints - before
    if not complaints:
        raise Missed
    ground.notes["no space left"] += complaints


async def lacks() -> str | None:
    """Why there can be no small disk here, if so."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "disk"
        place.mkdir()
        command = _on_small_disk(place, PIECE, postgres_data.account_for(place), ["/bin/true"])
        trying = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        _, said = await trying.communicate()
    return None if trying.returncode == 0 else said.decode(errors="replace").strip() or "no small disk can be made"


def _fill(descriptor: int) -> None:
    """Take what is left, to the last page, though others write meanwhile."""
    size, piece = 0, PIECE
    while piece >= 4_096:
        try:
            os.posix_fallocate(descriptor, size, piece)
        except OSError:
            piece //= 2
        else:
            size += piece


def _on_small_disk(folder: Path, size: int, account: Account | None, command: Sequence[str]) -> list[str]:
    owner = ["-", "-"] if account is None else [str(account.uid), str(account.gid)]
    return [sys.executable, "-I", "-S", str(SMALL_DISK), *owner, str(folder), str(size), *command]


FAULTS = [
    Fault(
        "disk: full",
        "the disk of the database's tables is full for a second or two",
        full,
        servers=servers_on_a_small_disk,
        lacks=lacks,
    ),
]
