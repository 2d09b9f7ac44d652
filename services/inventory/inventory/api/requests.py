"""Whose request it is, and the filters that lists share."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Path, Query, Request

from inventory.api.bodies import CATALOGUE_ID, PRINTABLE, NewCatalogueId, NotGiven
from shared import auth
from shared.postgres import Database
from shared.wire import Moment, PageRequest, page_request

Retailer = Annotated[auth.Caller, Depends(auth.caller_with("retailer"))]
Party = Annotated[auth.Caller, Depends(auth.caller_with("supplier", "retailer"))]
Asked = Annotated[PageRequest, Depends(page_request())]

CatalogueInPath = Annotated[
    str,
    Path(
        max_length=100, pattern=CATALOGUE_ID, description="The catalogue, by its retailer's id", examples=["Catalog1"]
    ),
]
NewCatalogueInPath = Annotated[
    NewCatalogueId,
    Path(description="The catalogue's id, its retailer's choice; not `balances`", examples=["Catalog1"]),
]
ProductInPath = Annotated[
    str,
    Path(
        max_length=100,
        pattern=PRINTABLE,
        description="The product, by its supplier's id",
        examples=["Example-product-01"],
    ),
]

RetailerId = Annotated[
    str | None,
    Query(
        alias="retailerId",
        max_length=64,
        pattern=PRINTABLE,
        description="Business id of a retailer: only what is in its catalogues",
        examples=["1531864-4"],
    ),
    NotGiven,
]
SupplierId = Annotated[
    str | None,
    Query(
        alias="supplierId",
        max_length=64,
        pattern=PRINTABLE,
        description="Business id of a supplier, where several have a public catalogue with this id",
        examples=["0109357-9"],
    ),
    NotGiven,
]
CatalogueId = Annotated[
    str | None,
    Query(
        alias="catalogExternalId",
        max_length=100,
        pattern=PRINTABLE,
        description="A catalogue: only what is in it",
        examples=["Catalog1"],
    ),
    NotGiven,
]
ProductIds = Annotated[
    str | None,
    Query(
        alias="productExternalId",
        pattern=PRINTABLE,
        description="Product ids, separated by commas: only these",
        examples=["Example-product-01,Example-product-02"],
    ),
    NotGiven,
]
Eans = Annotated[
    str | None,
    Query(
        alias="eanCode",
        pattern=PRINTABLE,
        description="EAN codes, separated by commas: only products with one of them",
        examples=["1234567891005"],
    ),
    NotGiven,
]
ModifiedFrom = Annotated[
    Moment | None,
    Query(
        alias="modifiedFromDate",
        description="Only what changed since, whether by its supplier or by an order. What changed up to two seconds "
        "before is listed as well, because it may have become visible only after",
        examples=["2026-01-02T08:00:00.000Z"],
    ),
    NotGiven,
]


def database(request: Request) -> Database:
    """The service's database."""
    found: Database = request.app.state.database
    return found


def listed(value: str | None) -> Sequence[str] | None:
    """`a,b` as a list; nothing given is None, which means any."""
    return [part.strip() for part in value.split(",") if part.strip()] or None if value else None
