"""Tracking codes that suppliers got elsewhere, many at once: a file, instead of typing them in shipment by shipment."""

from collections.abc import Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from router import domain, store
from router.api import shipment_requests
from router.api.shipment_requests import Supplier
from router.tracking import code_file, loading
from router.tracking.code_file import NAMES, CodeLine, LineFault
from router.tracking.loading import Loading
from shared import outbox, problems, wire
from shared.postgres import Transaction

router = APIRouter(tags=["tracking"])

FOUND_FOR = timedelta(days=90)
"""How old a shipment may be that is named by its order's number: there is no index for that, and numbers come again."""

LINE = attrgetter("line")

FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {
                "schema": {
                    "type": "string",
                    "description": "CSV in UTF-8 with a header; commas, semicolons or tabs. Columns: `trackingCode`;"
                    " `shipmentId`, `externalId` (your own reference) or `reference` (the order's number, of the last"
                    f" {FOUND_FOR.days} days); and `parcelId`, which may be left out of a shipment with one parcel."
                    " Names of a shipment that stand side by side must be names of the same one",
                },
                "example": "reference,parcelId,trackingCode\r\nBAR1,1,JJFI65432100000000224\r\n",
            }
        },
    }
}


class LineError(wire.WireModel):
    """Why a line of the file was not loaded."""

    line: int = Field(description="Which line of the file; the header is 1", examples=[17])
    field: str = Field(description="What is wrong, by its column", examples=["trackingCode"])
    code: str = Field(description="What kind of mistake it is, for programs", examples=["unknown_shipment"])
    message: str = Field(description="What is wrong, for people", examples=["A-1 is no shipment of yours"])


class CodesLoaded(wire.WireModel):
    """What became of a file."""

    lines: int = Field(description="Lines that were loaded; the codes were there already, or are now", examples=[120])
    changed: int = Field(description="Shipments that have codes now which they had not before", examples=[98])
    errors: tuple[LineError, ...] = Field(description="Lines that were not loaded; empty unless `partly` is true")


@router.post(
    "/ecommerce/v3/tracking/codes",
    summary="Load tracking codes from a file",
    description="Codes of a carrier of your own, for shipments on their way or delivered already. A parcel's codes are"
    " those of all its lines, in place of codes you gave it before; a parcel with a label of Sluice's keeps its code."
    " If anything is wrong, every such line is named and nothing is loaded, unless `partly` is true: then a parcel with"
    " a wrong line keeps what it had, and all others get their codes. At most"
    f" {code_file.MOST_LINES} lines at once.",
    response_description="What was loaded",
    response_model=CodesLoaded,
    openapi_extra=FILE,
)
async def load_tracking_codes(
    request: Request,
    caller: Supplier,
    partly: Annotated[
        bool,
        Query(description="Load what parcels without a wrong line have, also when others are wrong", examples=[False]),
    ] = False,
) -> Response:
    """400 with every line that is wrong, or, with `partly`, 200 with them."""
    lines, unread = code_file.read(await request.body())
    async with shipment_requests.database(request).transaction_of(caller.organisation) as tx:
        found = await _load(tx, caller.organisation, lines)
        wrong = (*unread, *found.wrong)
        if wrong and not partly:
            raise problems.invalid(fault.as_error() for fault in sorted(wrong, key=LINE))
        if found.changed:
            await store.save_codes(tx, found.changed)
            await outbox.put(tx, *(domain.shipment_changed(shipment) for shipment in found.changed))
    not_loaded = sorted((*wrong, *found.held_back), key=LINE)
    good = len({line.line for line in lines} - {fault.line for fault in not_loaded})
    return wire.answer(
        CodesLoaded(lines=good, changed=len(found.changed), errors=tuple(_error(fault) for fault in not_loaded))
    )


async def _load(tx: Transaction, supplier_id: str, lines: Sequence[CodeLine]) -> Loading:
    now = await tx.now()
    ids = {line.shipment_id for line in lines if line.shipment_id is not None}
    _, references, numbers = ({line.name for line in lines if line.named_by == name} for name in NAMES)
    shipments = await store.named_for_update(tx, supplier_id, ids, references, numbers, now - FOUND_FOR)
    return loading.load(lines, shipments, now)


def _error(fault: LineFault) -> LineError:
    return LineError(line=fault.line, field=fault.field, code=fault.code, message=fault.message)
