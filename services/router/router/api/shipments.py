"""Shipments: a supplier polls them, opens them, packs them and confirms them; the retailer of the order may look."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from router import domain, store
from router.api import shipment_answer, shipment_change
from router.api.shipment_answer import ShipmentShown
from router.api.shipment_change import ShipmentGiven
from router.domain import CANCELLED, PROGRESS, Change, Refusal, Shipment
from shared import auth, edge, outbox, problems, wire
from shared.postgres import Database, Transaction
from shared.problems import FieldError

router = APIRouter(tags=["shipments"])

ATTEMPTS = 5
"""How often a change is decided again because another one was faster."""

Supplier = Annotated[auth.Caller, Depends(auth.caller_with("supplier"))]
Party = Annotated[auth.Caller, Depends(auth.caller_with("supplier", "retailer"))]
ShipmentId = Annotated[str, Path(description="The shipment's id, made by Sluice")]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag the change was made from; 412 if old")]


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """A JSON schema without references, which inside OpenAPI would point at nothing."""
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(value, definitions) for name, value in schema.items() if name != "$defs"}


SCHEMA = ShipmentGiven.model_json_schema()
CHANGE = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _inlined(SCHEMA, SCHEMA["$defs"])}},
    }
}


@router.get(
    "/ecommerce/v3/shipments",
    summary="List shipments",
    description="Oldest first. A supplier gets those it has to send; a retailer those of its orders.",
    response_model=wire.Page[ShipmentShown],
)
async def list_shipments(
    request: Request,
    caller: Party,
    asked: Annotated[wire.PageRequest, Depends(wire.page_request(20))],
    since: Annotated[wire.Moment | None, Query(alias="from", description="Made at this moment or later")] = None,
    status: Annotated[str, Query(description="Statuses, separated by commas: `Created,Viewed`")] = "",
    role: Annotated[
        Literal["SUPPLIER", "RETAILER"] | None, Query(description="As whom, for an organisation that is both")
    ] = None,
) -> Response:
    """An envelope with a page of shipments."""
    as_supplier = role == "SUPPLIER" if role else "supplier" in caller.roles
    wanted = store.Wanted(
        supplier_id=caller.organisation if as_supplier else None,
        retailer_id=None if as_supplier else caller.organisation,
        since=since,
        statuses=_statuses(status),
    )
    async with _database(request).transaction_of(caller.organisation) as tx:
        total = await store.count_shipments(tx, wanted)
        found = await store.shipments(tx, wanted, limit=asked.size, offset=asked.offset)
    content = [shipment_answer.shown(shipment, caller.organisation) for shipment in found]
    return wire.answer(wire.page_of(content, total, asked, request.url))


@router.get("/ecommerce/v3/shipments/{shipment_id}", summary="Show a shipment", response_model=ShipmentShown)
async def show_shipment(request: Request, caller: Party, shipment_id: ShipmentId) -> Response:
    """The shipment with its version as ETag."""
    async with _database(request).transaction_of(caller.organisation) as tx:
        found = await _shipment(tx, shipment_id)
    return _answer(found, caller)


@router.patch(
    "/ecommerce/v3/shipments/{shipment_id}",
    summary="Move a shipment on",
    description=(
        "Open it, say what is being done, pack it into parcels, confirm what is delivered, or cancel it. What is not"
        " said stays as it is. Delivered without any quantity delivers all. The answer is the whole shipment."
    ),
    response_model=ShipmentShown,
    openapi_extra=CHANGE,
)
async def change_shipment(
    request: Request, caller: Supplier, shipment_id: ShipmentId, if_match: IfMatch = None
) -> Response:
    """400 for fields that cannot be, 409 for a way back or a final shipment, 412 for an old version."""
    given = shipment_change.read(await edge.read_body(request))
    return await _move(request, caller, shipment_id, shipment_change.wanted(given), if_match)


@router.put(
    "/ecommerce/v3/shipments/{shipment_id}",
    summary="Move a shipment on, or split it into parcels",
    description="The same as PATCH: what is sent is merged in, and the rest stays.",
    response_model=ShipmentShown,
    openapi_extra=CHANGE,
)
async def merge_shipment(
    request: Request, caller: Supplier, shipment_id: ShipmentId, if_match: IfMatch = None
) -> Response:
    """See `change_shipment`."""
    return await change_shipment(request, caller, shipment_id, if_match)


@router.post(
    "/ecommerce/v3/shipments/{shipment_id}/delivered",
    summary="Confirm a whole shipment",
    description="Everything that was ordered is delivered. No body is needed.",
    response_model=ShipmentShown,
)
async def deliver_shipment(
    request: Request, caller: Supplier, shipment_id: ShipmentId, if_match: IfMatch = None
) -> Response:
    """409 when it was cancelled, or delivered in part."""
    return await _move(request, caller, shipment_id, Change(status=domain.DELIVERED, whole=True), if_match)


async def _move(
    request: Request, caller: auth.Caller, shipment_id: str, change: Change, if_match: str | None
) -> Response:
    """Decide a change on what is stored and write it only onto that; decide again when another change was faster."""
    async with _database(request).transaction_of(caller.organisation) as tx:
        for _ in range(ATTEMPTS):
            found = await _shipment(tx, shipment_id)
            if found.supplier_id != caller.organisation:
                raise problems.Refused(403, "A shipment is changed by its supplier alone")
            if not _matches(if_match, found.version):
                raise problems.Refused(412, f"The shipment has changed meanwhile; its version is {found.version}")
            moved = domain.move(found, change, await tx.now())
            if isinstance(moved, Refusal):
                raise _refused(moved)
            if moved is found:
                return _answer(found, caller)
            if await store.save_moved(tx, moved):
                await store.save_delivered(tx, moved)
                await outbox.put(tx, domain.shipment_changed(moved))
                return _answer(moved, caller)
    raise problems.conflict("The shipment is being changed by somebody else; try again")


async def _shipment(tx: Transaction, shipment_id: str) -> Shipment:
    try:
        found = await store.shipment(tx, UUID(shipment_id))
    except ValueError:
        found = None
    if found is None:
        raise problems.not_found(f"shipment {shipment_id}")
    return found


def _refused(refusal: Refusal) -> problems.Refused:
    if refusal.conflict is not None:
        return problems.conflict(refusal.conflict)
    return shipment_change.invalid([FieldError(wrong.field, wrong.code, wrong.message) for wrong in refusal.wrong])


def _answer(shipment: Shipment, caller: auth.Caller) -> Response:
    return wire.answer(shipment_answer.shown(shipment, caller.organisation), headers={"ETag": f'"{shipment.version}"'})


def _matches(if_match: str | None, version: int) -> bool:
    """Whether `If-Match` allows a change of this version: absent, `*`, or a list that has it."""
    if if_match is None or if_match.strip() == "*":
        return True
    return f'"{version}"' in {tag.strip().removeprefix("W/") for tag in if_match.split(",")}


def _statuses(listed: str) -> tuple[str, ...] | None:
    """The statuses of a comma list, None for all. 400 for one that no shipment has."""
    statuses = tuple(status for part in listed.split(",") if (status := part.strip()))
    unknown = [status for status in statuses if status not in (*PROGRESS, CANCELLED, "Error")]
    if unknown:
        raise problems.invalid(FieldError("status", "unknown_status", f"{name} is no status") for name in unknown)
    return statuses or None


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
