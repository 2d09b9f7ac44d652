"""Ports that nobody listens on yet, and that are given away all the same."""

import socket
from collections import deque

import pytest

from deploy.local import ports
from deploy.local.trouble import CannotStart


def test_a_port_is_given_once_though_nobody_listens_on_it_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system looks for the ports of its services before any of them listens."""
    monkeypatch.setattr(ports, "KEPT", range(20_000, 20_100))
    monkeypatch.setattr(ports, "_given", deque(maxlen=100))

    given = [ports.free_port() for _ in range(50)]

    assert len(set(given)) == 50


def test_the_port_that_was_asked_for_is_given_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one address is opened last, when all services have their ports."""
    monkeypatch.setattr(ports, "KEPT", range(20_100, 20_200))
    monkeypatch.setattr(ports, "_given", deque(maxlen=100))
    claimed = ports.claim(ports.free_port(), "The system")

    assert claimed not in [ports.free_port() for _ in range(50)]


def test_a_port_in_use_is_refused_with_the_way_out() -> None:
    """One line says what cannot start, why, and what to do."""
    with socket.create_server((ports.LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CannotStart, match=rf"^The system cannot start: port {port} is in use\. Stop what uses it"):
            ports.claim(port, "The system")
