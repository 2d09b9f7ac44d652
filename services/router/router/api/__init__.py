"""The router's HTTP interface: why an order went where it went, and the shipments."""

from collections.abc import Sequence

from fastapi import APIRouter

from router.api import routing, shipments


def routers() -> Sequence[APIRouter]:
    """All of it."""
    return routing.router, shipments.router
