"""The portal's HTTP interface."""

from fastapi import APIRouter

from portal.api import keys, organisations, tokens


def routers() -> list[APIRouter]:
    """All of its routers."""
    return [tokens.router, organisations.router, keys.router]
