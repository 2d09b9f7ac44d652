"""The papers of a parcel: its address label and its delivery note (glue-api.md A.9)."""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BeforeValidator

from router import domain
from router.api import shipment_requests
from router.api.shipment_requests import Answers, Party, ShipmentId
from router.carriers import choosing
from router.carriers.carrier import LabelLater, NoLabel
from router.domain import Parcel, Shipment, booking
from router.papers import facts, gathering, press, printing, surroundings
from router.papers.facts import LabelFacts, LabelFormat, LabelSize
from router.store import letterheads, parts_of_rows
from shared import problems
from shared.postgres import Transaction

router = APIRouter(tags=["shipments"])

BUSY_S = 2
"""Who finds too many waiting for the press is asked to come again after so many seconds."""


class NoPaper(problems.Refused):
    """404, and for certain: the shipment is there, and there is no such paper of it."""

    def __init__(self, what: str) -> None:
        super().__init__(404, f"There is no {what}")


def _one_of(*choices: str) -> BeforeValidator:
    """Any case will do; blank is the first."""

    def read(value: object) -> object:
        text = value.strip().casefold() if isinstance(value, str) else value
        return next((choice for choice in choices if choice.casefold() == text), value if text else choices[0])

    return BeforeValidator(read)


ParcelId = Annotated[str, Path(description="The parcel's id within the shipment", examples=["1"])]
Format = Annotated[
    LabelFormat,
    _one_of("pdf", "zpl"),
    Query(alias="format", description="`pdf`, or `zpl` for thermal printers of 203 dots an inch", examples=["pdf"]),
]
Size = Annotated[
    LabelSize,
    _one_of("107x192", "A5"),
    Query(description="What it is printed on: 107 mm wide and 192 mm high, or A5", examples=["107x192"]),
]
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        description="The ETag of the paper as you have it: 304 when it is still the same",
        examples=['"6f0c1d9a"'],
    ),
]

ETAG = {"description": "Another when anything on the paper is", "schema": {"type": "string"}, "example": '"6f0c1d9a"'}
UNCHANGED: Answers = {304: {"description": "It is still the one that `If-None-Match` names"}}
FILE = {"schema": {"type": "string", "format": "binary"}}
MEDIA = {"pdf": "application/pdf", "zpl": "application/zpl"}


@dataclass(frozen=True)
class Which:
    """Which parcel of a shipment is meant: by its id, or by a tracking code of it; the first one without either."""

    parcel_id: str | None = None
    code: str | None = None

    def means(self, parcel: Parcel) -> bool:
        """Whether it is this one."""
        return self.parcel_id in (None, parcel.parcel_id) and (self.code is None or self.code in parcel.tracking_codes)


@router.get(
    "/ecommerce/v3/shipments/{shipment_id}/parcels/{parcel_id:path}/label",
    summary="Get the address label of a parcel",
    description=(
        "There is one once Sluice has given the parcel a tracking code, which it does when the parcel is confirmed;"
        " 404 says why there is none. It is in the language of the order, or else of the country it goes to: Finnish,"
        " Swedish or English. Of a parcel that is booked through nShift it is the PDF that nShift made, in its size;"
        " 503 as long as nShift has given the code and not the label."
    ),
    responses={
        200: {"description": "The label", "headers": {"ETag": ETAG}, "content": dict.fromkeys(MEDIA.values(), FILE)},
        **UNCHANGED,
    },
    response_class=Response,
)
async def label_of(
    request: Request,
    caller: Party,
    shipment_id: ShipmentId,
    parcel_id: ParcelId,
    made_as: Format = "pdf",
    size: Size = "107x192",
    known: IfNoneMatch = None,
) -> Response:
    """404 for a shipment or a parcel that is not there, and for a parcel without a label."""
    return await label(request, caller.organisation, shipment_id, Which(parcel_id), made_as, size, known)


async def label(
    request: Request,
    organisation: str,
    shipment_id: str,
    which: Which,
    made_as: LabelFormat = "pdf",
    size: LabelSize = "107x192",
    known: str | None = None,
) -> Response:
    """The address label of a parcel, for an organisation that may see it; see `label_of`."""
    async with shipment_requests.database(request).transaction_of(organisation) as tx:
        shipment, parcel = await _parcel(tx, shipment_id, which)
        parcel_id = parcel.parcel_id
        if (why := domain.why_no_label(shipment, parcel)) is not None:
            raise NoPaper(f"address label of parcel {parcel_id}: {why}")
        try:
            label = await choosing.that_coded(parcel).label(tx, shipment, parcel)
        except NoLabel as error:
            raise NoPaper(f"address label of parcel {parcel_id}: {error}") from None
        except LabelLater as error:
            raise problems.Refused(
                503,
                f"There is no address label of parcel {parcel_id} yet: {error}",
                headers={"Retry-After": str(int(booking.FIRST_S))},
            ) from None
    if isinstance(label, bytes):
        return _of_nshift(label, shipment, parcel, made_as, known)
    what, called = f"address label of parcel {parcel_id}", f"label-{shipment.order_external_id}-{parcel_id}"
    return await printed_label(request, organisation, label, made_as, size, known, what, called)


@router.get(
    "/ecommerce/v3/shipments/{shipment_id}/parcels/{parcel_id:path}/note",
    summary="Get the delivery note of a parcel",
    description=(
        "A4, in the language of the order, or else of the country it goes to. As long as nobody has said what is in the"
        " parcel, it is taken to hold all that is in no other. With the retailer's letterhead. There is none of a"
        " cancelled shipment."
    ),
    responses={
        200: {"description": "The note", "headers": {"ETag": ETAG}, "content": {MEDIA["pdf"]: FILE}},
        **UNCHANGED,
    },
    response_class=Response,
)
async def delivery_note_of(
    request: Request, caller: Party, shipment_id: ShipmentId, parcel_id: ParcelId, known: IfNoneMatch = None
) -> Response:
    """404 for a shipment or a parcel that is not there, and for a shipment of which nothing is sent."""
    return await note(request, caller.organisation, shipment_id, Which(parcel_id), known)


async def note(
    request: Request, organisation: str, shipment_id: str, which: Which, known: str | None = None
) -> Response:
    """The delivery note of a parcel, for an organisation that may see it; see `delivery_note_of`."""
    async with shipment_requests.database(request).transaction_of(organisation) as tx:
        shipment, parcel = await _parcel(tx, shipment_id, which)
        if (why := domain.why_no_note(shipment)) is not None:
            raise NoPaper(f"delivery note of parcel {parcel.parcel_id}: {why}")
        around = await surroundings.of(tx, shipment, parcel, await letterheads.printed(tx, shipment.retailer_id))
        rows = await parts_of_rows.ordered_rows(tx, shipment)
        facts_of_note = gathering.note(shipment, parcel, replace(around, ordered=rows))
    name = facts.fingerprint(facts_of_note)
    if _is_known(name, known):
        return _unchanged(name)
    try:
        made = await press.of(request.app.state.service).paper(
            name, printing.note_pdf, facts_of_note, asked_by=organisation
        )
    except (press.Busy, press.Failed) as error:
        raise _not_now(error) from None
    return _answer(made, name, "pdf", f"note-{shipment.order_external_id}-{parcel.parcel_id}")


def _of_nshift(label: bytes, shipment: Shipment, parcel: Parcel, made_as: str, known: str | None) -> Response:
    """The label that nShift made, whose layout is the carrier's own; 404 for anything but a PDF."""
    if made_as != "pdf":
        raise problems.not_found(f"address label of parcel {parcel.parcel_id}: nShift makes it as PDF only")
    name = hashlib.sha256(label).hexdigest()[:32]
    if _is_known(name, known):
        return _unchanged(name)
    return _answer(label, name, "pdf", f"label-{shipment.order_external_id}-{parcel.parcel_id}")


async def _parcel(tx: Transaction, shipment_id: str, which: Which) -> tuple[Shipment, Parcel]:
    """The parcel in its shipment; 404 when there is none that the caller may see."""
    shipment = await shipment_requests.find(tx, shipment_id)
    parcel = next(filter(which.means, domain.packing(shipment)), None)
    if parcel is None:
        raise NoPaper(f"parcel {which.parcel_id or which.code} in shipment {shipment_id}")
    return shipment, parcel


async def printed_label(
    request: Request,
    organisation: str,
    label: LabelFacts,
    made_as: LabelFormat,
    size: LabelSize,
    known: str | None,
    what: str,
    called: str,
) -> Response:
    """A label that is printed here: `what` it is, and what its file is `called`. 404 when it cannot have its code."""
    name = facts.fingerprint(label, made_as, size)
    if _is_known(name, known):
        return _unchanged(name)
    make = printing.label_pdf if made_as == "pdf" else printing.label_zpl
    try:
        made = await press.of(request.app.state.service).paper(name, make, label, size, asked_by=organisation)
    except (press.Busy, press.Failed) as error:
        raise _not_now(error) from None
    except ValueError as error:
        # Its code is no barcode of this width.
        raise NoPaper(f"{what}: {error}") from None
    return _answer(made, name, made_as, called)


def _is_known(name: str, known: str | None) -> bool:
    """Whether `If-None-Match` names the paper; `*` names any."""
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in (known or "").split(",")}
    return name in tags or "*" in tags


def _unchanged(name: str) -> Response:
    """The answer to whoever has the paper already."""
    return Response(status_code=304, headers={"ETag": f'"{name}"'})


def _not_now(error: Exception) -> problems.Refused:
    """503 when the press has too much to do, or has failed at this paper, which is not tried again at once."""
    again_s = int(press.AGAIN_AFTER_S) if isinstance(error, press.Failed) else BUSY_S
    return problems.Refused(
        503, f"The paper cannot be made at this moment: {error}", headers={"Retry-After": str(again_s)}
    )


def _answer(made: bytes, name: str, made_as: str, called: str) -> Response:
    """A paper as it is answered: `name` is its ETag, `called` what a browser calls its file."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", called)
    return Response(
        made,
        media_type=MEDIA[made_as],
        headers={
            "ETag": f'"{name}"',
            "Cache-Control": "private, no-cache",
            "Content-Disposition": f'inline; filename="{plain}.{made_as}"',
        },
    )
