"""Whose request it is, and the filters that lists share."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Path, Query, Request

from inventory.api.bodies import CATALOGUE_ID, PRINTABLE
from shared import auth
from shared.postgres import Database
from shared.wire import Moment, PageRequest, page_request

Retailer = Annotated[auth.Caller, Depends(auth.caller_with("retailer"))]
Party = Annotated[auth.Caller, Depends(auth.caller_with("supplier", "retailer"))]
Asked = Annotated[PageRequest, Depends(page_request())]

CatalogueInPath = Annotated[str, Path(max_length=100, pattern=CATALOGUE_ID)]
ProductInPath = Annotated[str, Path(max_length=100, pattern=PRINTABLE)]

RetailerId = Annotated[
    str | None, Query(alias="retailerId", max_length=64, pattern=PRINTABLE, description="Only of this retailer")
]
CatalogueId = Annotated[
    str | None,
    Query(alias="catalogExternalId", max_length=100, pattern=PRINTABLE, description="Only in this catalogue"),
]
ProductIds = Annotated[
    str | None,
    Query(alias="productExternalId", pattern=PRINTABLE, description="Only these products, separated by commas"),
]
Eans = Annotated[
    str | None, Query(alias="eanCode", pattern=PRINTABLE, description="Only these EAN codes, separated by commas")
]
ModifiedFrom = Annotated[
    Moment | None, Query(alias="modifiedFromDate", description="Only what changed since, by a supplier or by an order")
]


def database(request: Request) -> Database:
    """The service's database."""
    found: Database = request.app.state.database
    return found


def listed(value: str | None) -> Sequence[str] | None:
    """`a,b` as a list; nothing given is None, which means any."""
    return [part.strip() for part in value.split(",") if part.strip()] if value else None
