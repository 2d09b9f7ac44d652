"""The notifier's HTTP interface."""

from collections.abc import Sequence

from fastapi import APIRouter

from notifier.api import contact, deliveries


def routers() -> Sequence[APIRouter]:
    """Every router of the notifier."""
    return [contact.router, deliveries.router]
