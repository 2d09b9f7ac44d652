"""A link between two programs that a test can cut, slow down, or leave half open."""

import asyncio
from contextlib import suppress

from deploy.local import ports

CHUNK = 65_536


class Link:
    """Listens at `address`, and carries what comes to `target` (host:port) and back, until it is harmed.

    `target` may be changed at any time: it counts for connections from then on. `cut` breaks all that is open, once;
    `refuse` hangs up on whoever comes; `delay_s` holds back every piece for so long, both ways; while `swallowing`,
    connections are accepted, and open ones kept, and nothing that is sent arrives anywhere. `restore` undoes all.
    """

    def __init__(self, target: str = "") -> None:
        self.target = target
        self.address = ""
        self.delay_s = 0.0
        self.refusing = False
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._carry, ports.LOOPBACK, 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.address = f"{host}:{port}"

    async def stop(self) -> None:
        """Stop listening, and break what is open. Harmless if it is not running."""
        if self._server is not None:
            self._server.close()
            await self.cut()
            await self._server.wait_closed()
            self._server = None

    async def cut(self) -> int:
        """Break all open connections; returns how many there were."""
        open_now = list(self._open)
        for task in open_now:
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)
        return len(open_now)

    async def refuse(self) -> None:
        """Break all connections, and hang up on those that come, until it is restored."""
        self.refusing = True
        await self.cut()

    @property
    def swallowing(self) -> bool:
        """Whether what is sent arrives nowhere."""
        return not self._flowing.is_set()

    def swallow(self) -> None:
        """Let nothing through in either direction, and tell nobody."""
        self._flowing.clear()

    async def restore(self) -> None:
        """Carry again as if nothing had been; connections that were swallowed are broken, for their bytes are gone."""
        swallowed = self.swallowing
        self.delay_s, self.refusing = 0.0, False
        if swallowed:
            await self.cut()
        self._flowing.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            if not self.refusing:
                await self._flowing.wait()
                host, _, port = self.target.rpartition(":")
                there_reader, there_writer = await asyncio.open_connection(host, int(port))
                try:
                    async with asyncio.TaskGroup() as both:
                        both.create_task(self._copy(reader, there_writer))
                        both.create_task(self._copy(there_reader, writer))
                finally:
                    there_writer.transport.abort()
        except (asyncio.CancelledError, OSError, ExceptionGroup):
            pass
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(CHUNK):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            await self._flowing.wait()
            writer.write(piece)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()
