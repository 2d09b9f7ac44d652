"""Products: what suppliers have, and what is published to retailers."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter, ValidationError

from inventory import store
from inventory.api import answers, batches, changes, public_catalogues
from inventory.api.answers import Json, ProductAnswer
from inventory.api.batches import ItemError
from inventory.api.bodies import ITEM_SCHEMA, ItemBody, ProductBody, none_if_blank
from inventory.api.requests import (
    Asked,
    CatalogueId,
    CatalogueInPath,
    Eans,
    Party,
    ProductIds,
    ProductInPath,
    Retailer,
    RetailerId,
    SupplierId,
    database,
    listed,
)
from inventory.domain import Item, ProductChange
from shared import edge, problems
from shared.postgres import Record, Transaction
from shared.wire import Page

api = APIRouter(tags=["products"])

ITEM = TypeAdapter(ItemBody)

CHECKED = {field.alias: name for name, field in ProductBody.model_fields.items() if field.alias}
"""The names of the checked fields: on the wire, and ours."""


@api.put(
    "/ecommerce/v3/inventory",
    summary="Create and update products, and publish them",
    response_model=list[ItemError],
    openapi_extra=batches.list_of(ITEM_SCHEMA),
)
async def put_products(request: Request, caller: Party) -> Response:
    """A product's fields that are given replace the stored ones, the others stay. Items with errors change nothing."""
    return await _change(request, caller.organisation, end_of_sale=False)


@api.delete(
    "/ecommerce/v3/inventory",
    summary="Take products off sale for good",
    response_model=list[ItemError],
    openapi_extra=batches.list_of(ITEM_SCHEMA),
)
async def delete_products(request: Request, caller: Party) -> Response:
    """Nothing of them is available any more. Retailers go on seeing them, with the status EOS, for 14 days."""
    return await _change(request, caller.organisation, end_of_sale=True)


@api.get(
    "/ecommerce/v3/inventory",
    summary="List products with their balances",
    response_model=Page[ProductAnswer],
)
async def list_products(
    request: Request,
    caller: Party,
    asked: Asked,
    retailer_id: RetailerId = None,
    catalogue_id: CatalogueId = None,
    product_ids: ProductIds = None,
    eans: Eans = None,
) -> Response:
    """A supplier sees its own products that are on sale, a retailer those published to its catalogues."""
    seen = store.Seen(caller.organisation, retailer_id, catalogue_id, listed(product_ids), listed(eans))
    async with database(request).transaction_of(caller.organisation) as tx:
        own, others = await store.count_products(tx, seen)
        products = await _part(tx, seen, own, limit=asked.size, offset=asked.offset)
        content = await _with_balances(tx, caller.organisation, products, retailer_id, catalogue_id)
    return answers.page(content, own + others, asked, request.url)


@api.get(
    "/ecommerce/v3/inventory/{product_id}",
    summary="Show a product with its balances",
    response_model=ProductAnswer,
)
async def show_product(request: Request, caller: Party, product_id: ProductInPath) -> Response:
    """The caller's own product with this id, else one published to its catalogues."""
    seen = store.Seen(caller.organisation, product_ids=[product_id])
    async with database(request).transaction_of(caller.organisation) as tx:
        products = await store.own_products_page(tx, seen, limit=1, offset=0)
        products = products or await store.shown_products_page(tx, seen, limit=1, offset=0)
        content = await _with_balances(tx, caller.organisation, products)
    if not content:
        raise problems.not_found(f"product {product_id}")
    return answers.one(content[0])


@api.get(
    "/ecommerce/v3/catalogs/{catalogue_id}/products",
    summary="List the products of a catalogue with their balances",
    response_model=Page[ProductAnswer],
)
async def list_catalogue_products(
    request: Request,
    caller: Retailer,
    catalogue_id: CatalogueInPath,
    asked: Asked,
    product_ids: ProductIds = None,
    eans: Eans = None,
    supplier_id: SupplierId = None,
) -> Response:
    """Products whose sale has ended are listed for 14 days more, with the status EOS.

    Of a public catalogue that is not approved, the products on sale without anything about stock and prices.
    """
    retailer_id = caller.organisation
    seen = store.Seen(retailer_id, catalogue_id=catalogue_id, product_ids=listed(product_ids), eans=listed(eans))
    async with database(request).transaction_of(retailer_id) as tx:
        on_view = await public_catalogues.supplier_on_view(tx, retailer_id, catalogue_id, supplier_id)
        if on_view is not None:
            offered = store.Offered(on_view, catalogue_id, seen.product_ids, seen.eans)
            total = await store.count_public_products(tx, offered)
            products = await store.public_products_page(tx, offered, limit=asked.size, offset=asked.offset)
            return answers.page(answers.products(products, ()), total, asked, request.url)
        total = await store.count_catalogue_products(tx, seen)
        products = await store.catalogue_products_page(tx, seen, limit=asked.size, offset=asked.offset)
        content = await _with_balances(tx, retailer_id, products, retailer_id, catalogue_id)
    return answers.page(content, total, asked, request.url)


async def _part(tx: Transaction, seen: store.Seen, own: int, *, limit: int, offset: int) -> Sequence[Record]:
    """A part of a list in which so many products of the caller's own come first, and those of others after them."""
    found: list[Record] = []
    if offset < own:
        found += await store.own_products_page(tx, seen, limit=limit, offset=offset)
    if len(found) < limit:
        rest = limit - len(found)
        found += await store.shown_products_page(tx, seen, limit=rest, offset=max(0, offset - own))
    return found


async def _with_balances(
    tx: Transaction,
    organisation: str,
    products: Sequence[Record],
    retailer_id: str | None = None,
    catalogue_id: str | None = None,
) -> list[Json]:
    keys = [(row["supplier_id"], row["external_id"]) for row in products]
    balances = (
        await store.balances_of_products(tx, organisation, keys, retailer_id=retailer_id, catalogue_id=catalogue_id)
        if keys
        else ()
    )
    return answers.products(products, balances)


async def _change(request: Request, supplier_id: str, *, end_of_sale: bool) -> Response:
    bodies, wrong = batches.read_items(ITEM, await edge.read_body(request))
    items: list[Item] = []
    for index, body in bodies:
        item, errors = _read_item(index, body, supplier_id, end_of_sale=end_of_sale)
        wrong.add(index, errors)
        if item is not None:
            items.append(item)
    return batches.answer(wrong.told() + await changes.apply(request, supplier_id, items))


def _read_item(
    index: int, body: ItemBody, supplier_id: str, *, end_of_sale: bool
) -> tuple[Item | None, list[problems.FieldError]]:
    """An item as a change, or all that is wrong with it."""
    wrong: list[problems.FieldError] = []
    given: ProductBody | None = None
    document: dict[str, Any] = {}
    try:
        given = ProductBody.model_validate(body.product)
        document = _document(body.product, given)
    except ValidationError as error:
        wrong += problems.field_errors(error, under="product")
    except ValueError as error:
        wrong.append(problems.FieldError("product", "unstorable", str(error)))
    if body.product.get("supplierId") not in (None, "", supplier_id):
        wrong.append(problems.FieldError("product.supplierId", "foreign", f"is not {supplier_id}, which is asking"))
    balances = () if end_of_sale else tuple(body.balances or ())
    wrong += [
        problems.FieldError(f"balances[{place}].productExternalId", "differs", "is not the product of this item")
        for place, balance in enumerate(balances)
        if given is not None and balance.product_external_id not in (None, given.external_id)
    ]
    if wrong or given is None:
        return None, wrong
    listings = [(f"balances[{place}].", balance.change_of(given.external_id)) for place, balance in enumerate(balances)]
    if end_of_sale:
        product = ProductChange(given.external_id, {}, status="EOS", must_exist=True)
    else:
        product = ProductChange(
            given.external_id,
            document,
            given.ean_code,
            given.name,
            given.status,
            fragile=given.is_fragile,
            oversized=given.is_oversized,
        )
    return Item(index, product, listings), []


def _document(product: Mapping[str, Any], read: ProductBody) -> dict[str, Any]:
    """The fields that are given, rightly spelt (glue-api.md B). ValueError for what cannot be stored."""
    document = {name: value for name, value in product.items() if none_if_blank(value) is not None}
    if "currecy" in document:
        document["currency"] = document.pop("currecy")
    for name, value in CHECKED.items():
        if getattr(read, value) is None:
            document.pop(name, None)
    if read.ean_code is not None:
        document["eanCode"] = read.ean_code
    measured = {name: value for name, value in (read.measurements or {}).items() if value is not None}
    if measured:
        document["measurements"] = {name: document["measurements"][name] for name in measured}
    else:
        document.pop("measurements", None)
    try:
        text = orjson.dumps(document)
    except orjson.JSONEncodeError:
        raise ValueError("holds a number that is too large") from None
    if rb"\u0000" in text and _any(document, _is_nul):
        raise ValueError("holds the character U+0000, which is no text")
    if b"null" in text and _any(document, _is_infinite):
        raise ValueError("holds a number that is too large")
    return document


def _any(value: object, wrong: Callable[[object], bool]) -> bool:
    """Whether anything in a JSON value is wrong, names included."""
    if isinstance(value, Mapping):
        return any(_any(part, wrong) for entry in value.items() for part in entry)
    if isinstance(value, list | tuple):
        return any(_any(part, wrong) for part in value)
    return wrong(value)


def _is_nul(value: object) -> bool:
    return isinstance(value, str) and "\0" in value


def _is_infinite(value: object) -> bool:
    # What is written as 1e999 is read as infinity, and would be kept as null.
    return isinstance(value, float) and math.isinf(value)
