"""Secrets and their argon2id hashes, worked out beside the event loop by a few threads with a short queue.

19 MiB, two passes, one lane: the least OWASP recommends, some 30 ms of a processor core for each verification.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import argon2

from shared.service import Service

WORKERS = 2
WAITING = 8

_hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=argon2.Type.ID)


class Busy(Exception):
    """As many secrets are being verified as this process takes on at once."""


def hashed(secret: str) -> str:
    """The hash to keep of a secret, with a salt of its own. Takes some 30 ms."""
    return _hasher.hash(secret)


class Verifier:
    """Verifies secrets, a bounded number at a time. One for each service; its threads start with the first secret."""

    def __init__(self, workers: int = WORKERS, waiting: int = WAITING) -> None:
        self._bound = workers + waiting
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="argon2")
        self._running: dict[tuple[str | None, str], asyncio.Future[bool]] = {}

    async def start(self, service: Service) -> None:
        """Be the one the service's API asks."""
        service.app.state.verifier = self

    async def stop(self) -> None:
        """Finish what is being verified, and end the threads."""
        await asyncio.to_thread(self._pool.shutdown)

    async def matches(self, secret_hash: str | None, secret: str) -> bool:
        """Whether a secret is the one behind a hash. No hash never matches, after the same amount of work.

        The workers of a shop fetch their token at the same moment: one verification answers all who ask the same.
        Raises Busy when too many are waiting already.
        """
        asked = (secret_hash, secret)
        if asked not in self._running:
            if len(self._running) >= self._bound:
                raise Busy
            answer = asyncio.get_running_loop().run_in_executor(self._pool, _matches, secret_hash, secret)
            self._running[asked] = answer
            answer.add_done_callback(lambda _: self._running.pop(asked))
        return await asyncio.shield(self._running[asked])


def _matches(secret_hash: str | None, secret: str) -> bool:
    if secret_hash is None:
        hashed(secret)
        return False
    try:
        return _hasher.verify(secret_hash, secret)
    except argon2.exceptions.VerifyMismatchError:
        return False
