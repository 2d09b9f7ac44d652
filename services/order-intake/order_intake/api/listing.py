"""Lists of orders: what a shop polls to learn what became of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from order_intake import domain, standing, store
from order_intake.api import answers, shown_v3
from order_intake.api.order_address import ORDERS, Retailer
from order_intake.store import Wanted
from shared import problems, wire
from shared.problems import FieldError

router = APIRouter(tags=["orders"])

SPELLED = {word: stored for stored, word in shown_v3.WORDS.items()}
Given = wire.Moment | None

OVERLAP = timedelta(seconds=2)
"""A change is seen once its transaction has ended, and bears a moment before that."""


@dataclass(frozen=True)
class Filters:
    """What orders are asked for. All that is given must hold together."""

    external_id: Annotated[
        str | None, Query(alias="externalId", description="Order numbers, separated by commas", examples=["BAR1,BAR2"])
    ] = None
    ref_name: Annotated[
        str | None, Query(alias="refName", description="PO or SO; together with refValue", examples=["SO"])
    ] = None
    ref_value: Annotated[
        str | None, Query(alias="refValue", description="The number of the reference", examples=["SO-1"])
    ] = None
    status: Annotated[
        str | None,
        Query(
            description="Statuses, separated by commas, in the words of the answers. Unroutable also finds orders of"
            " which other rows are under way",
            examples=["Created,Partially delivered"],
        ),
    ] = None
    document_type: Annotated[
        str | None, Query(alias="documentType", description="metadata.documentType", examples=["SalesOrder"])
    ] = None
    catalogue_id: Annotated[
        str | None,
        Query(
            alias="warehouseExternalId",
            description="A catalogue that a row asks for or was routed to",
            examples=["01093579"],
        ),
    ] = None
    dated_from: Annotated[
        Given, Query(alias="from", description="Order date at this moment or later", examples=["2026-01-02T00:00:00Z"])
    ] = None
    dated_to: Annotated[
        Given, Query(alias="to", description="Order date at this moment or earlier", examples=["2026-01-31T23:59:59Z"])
    ] = None
    updated_from: Annotated[
        Given,
        Query(
            alias="updatedFrom",
            description="Changed at this moment or later; the list is then in the order of the changes. What changed up"
            " to two seconds before is listed as well, because it may not have been visible then",
            examples=["2026-11-20T16:14:50+00:00"],
        ),
    ] = None
    updated_to: Annotated[
        Given,
        Query(
            alias="updatedTo",
            description="Changed at this moment or earlier; the list is then in the order of the changes",
            examples=["2026-11-21T16:14:50+00:00"],
        ),
    ] = None
    modified_from: Annotated[
        Given,
        Query(
            alias="modifiedFromDate",
            description="Another name of updatedFrom; of both, the later moment counts",
            examples=["2026-11-21T16:09:50.333+00:00"],
        ),
    ] = None

    def wanted(self, retailer_id: str) -> Wanted:
        """The filters as the store takes them. 400 for what cannot be asked for."""
        statuses = _listed(self.status)
        wrong = [FieldError("status", "unknown_status", f"{name} is no status") for name in _unknown(statuses)]
        if (self.ref_name is None) != (self.ref_value is None):
            lacking = "refName" if self.ref_name is None else "refValue"
            wrong.append(FieldError(lacking, "missing", "refName and refValue are given together"))
        if wrong:
            raise problems.invalid(wrong)
        changed_from = [moment for moment in (self.updated_from, self.modified_from) if moment is not None]
        return Wanted(
            retailer_id=retailer_id,
            external_ids=[self.external_id, *(_listed(self.external_id) or ())] if self.external_id else None,
            statuses=[SPELLED.get(name, name) for name in statuses] if statuses is not None else None,
            partially_delivered=shown_v3.PARTIALLY_DELIVERED in (statuses or ()),
            unroutable=domain.UNROUTABLE in (statuses or ()),
            document_type=self.document_type,
            reference=(self.ref_name, self.ref_value) if self.ref_name and self.ref_value else None,
            catalogue_id=self.catalogue_id,
            dated_from=self.dated_from,
            dated_to=self.dated_to,
            changed_from=max(changed_from) - OVERLAP if changed_from else None,
            changed_to=self.updated_to,
            by_change=bool(changed_from) or self.updated_to is not None,
        )


@router.get(
    ORDERS,
    summary="List orders",
    description="The retailer's orders by any of the filters together, the oldest first. Whoever asks for what changed"
    " since a moment gets it in the order of the changes, so that nothing is lost between two pages.",
    response_model=None,
    responses={200: {"model": wire.Page[shown_v3.OrderShown], "description": "A page of orders"}},
)
async def list_orders(
    request: Request,
    caller: Retailer,
    filters: Annotated[Filters, Depends()],
    asked: Annotated[wire.PageRequest, Depends(wire.page_request())],
) -> Response:
    """An envelope with a page of orders."""
    wanted = filters.wanted(caller.organisation)
    database = answers.database(request)
    async with database.transaction() as tx:
        total = await store.count_orders(tx, wanted)
        numbers = await store.find_orders(tx, wanted, limit=asked.size, offset=asked.offset) if total else []
    async with database.transaction_of(caller.organisation) as tx:
        found = await store.orders_numbered(tx, caller.organisation, numbers)
        ids = [placed.order.id for placed in found]
        rows = await standing.shown_rows(tx, ids) if ids else {}
    # Written out one by one: two thousand answers at a time are a hundred thousand objects to keep. The documents were
    # mended when they were stored.
    content = [
        orjson.Fragment(orjson.dumps(shown_v3.shown(orjson.loads(placed.document), placed, rows[placed.order.id])))
        for placed in found
    ]
    envelope = wire.page_of([], total, asked, request.url).model_dump(by_alias=True, mode="json")
    return Response(orjson.dumps(envelope | {"content": content}), media_type="application/json")


def _listed(text: str | None) -> list[str] | None:
    return [part for listed in text.split(",") if (part := listed.strip())] if text else None


def _unknown(statuses: Iterable[str] | None) -> list[str]:
    """Those that no order can have, in the words of either version."""
    known: set[Any] = {*shown_v3.STATUSES, *shown_v3.WORDS}
    return [name for name in statuses or () if name not in known]
