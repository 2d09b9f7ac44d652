"""Ports on this machine's own address: nothing we start ourselves listens to the outside."""

import socket

from deploy.local import trouble

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port that nothing listens on at this moment; whoever wants it should take it soon."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def claim(port: int | None, what: str) -> int:
    """The port `what` may listen on: the wanted one, or a free one when none is wanted.

    Raises `CannotStart` if the wanted port is taken or not ours to take.
    """
    if port is None:
        return free_port()
    try:
        with socket.create_server((LOOPBACK, port)):
            return port
    except OSError as error:
        why = f"port {port} is in use" if not isinstance(error, PermissionError) else f"port {port} may not be used"
        raise trouble.CannotStart(what, why, "Stop what uses it, or choose another port") from error
