"""Orders as version 3 answers them, each with a tag that tells one state of it from another."""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from fastapi import Request, Response

from order_intake import standing, store
from order_intake.api import shown_v3
from order_intake.document import reading
from order_intake.store import Placed
from shared import auth, problems
from shared.postgres import Database


async def stored(request: Request, caller: auth.Caller, external_id: str) -> Placed:
    """A retailer's order with its rows. 404 when it has none with this number."""
    async with database(request).transaction_of(caller.organisation) as tx:
        placed = await store.placed_order(tx, caller.organisation, external_id)
        if placed is None:
            raise problems.not_found(f"order {external_id}")
        order_id = placed.order.id
        rows = await standing.shown_rows(tx, [order_id])
    return replace(placed, order=replace(placed.order, rows=rows[order_id]))


async def answer_stored(request: Request, caller: auth.Caller, external_id: str) -> Response:
    """The answer of a retailer's order as it is now."""
    placed = await stored(request, caller, external_id)
    return answer(document_of(placed), placed)


def document_of(placed: Placed) -> dict[str, Any]:
    """An order's document as JSON values."""
    document: dict[str, Any] = reading.as_posted(placed.document)
    return document


def answer(document: Mapping[str, Any], placed: Placed) -> Response:
    """The answer of an order, whose document is given as JSON values."""
    return Response(
        orjson.dumps(shown_v3.shown(document, placed, placed.order.rows)),
        media_type="application/json",
        headers={"ETag": tag(document, placed)},
    )


def tag(document: Mapping[str, Any], placed: Placed) -> str:
    """The order's ETag: first what its document says, then when anything about it changed last."""
    return f'"{tag_of(document)}-{int(placed.updated_at.timestamp() * 1_000_000):x}"'


def tag_of(document: Mapping[str, Any]) -> str:
    """The part of an ETag that stands for the document."""
    return f"{zlib.crc32(orjson.dumps(document)):08x}"


def database(request: Request) -> Database:
    """The service's database."""
    opened: Database = request.app.state.database
    return opened
