"""Ports on this machine's own address: nothing we start ourselves listens to the outside."""

import random
import socket
from collections import deque

from deploy.local import trouble

LOOPBACK = "127.0.0.1"

KEPT = range(20_000, 32_000)
"""Below those that connections get for their own end: what listens here finds its port free when it comes back."""
TRIES = 100

_given: deque[int] = deque(maxlen=1_000)
"""What this process has lately given away: nobody may listen there yet, and it is not free all the same."""


def free_port() -> int:
    """A port that nothing listens on at this moment, and another each time; whoever wants it should take it soon."""
    for port in random.sample(KEPT, TRIES):
        if port in _given:
            continue
        try:
            with socket.create_server((LOOPBACK, port)):
                _given.append(port)
                return port
        except OSError:
            continue
    raise trouble.CannotStart(
        "A server", f"of {TRIES} ports from {KEPT.start} to {KEPT.stop - 1} none is free", "Stop what uses them"
    )


def claim(port: int | None, what: str) -> int:
    """The port `what` may listen on: the wanted one, or a free one when none is wanted.

    Raises `CannotStart` if the wanted port is taken or not ours to take.
    """
    if port is None:
        return free_port()
    try:
        with socket.create_server((LOOPBACK, port)):
            _given.append(port)
            return port
    except OSError as error:
        why = f"port {port} is in use" if not isinstance(error, PermissionError) else f"port {port} may not be used"
        raise trouble.CannotStart(what, why, "Stop what uses it, or choose another port") from error
