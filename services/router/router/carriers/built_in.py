"""The carrier that Sluice is itself: numbers of series, labels of its own, and addresses from a list.

It stands in for every carrier that has no system to ask. Its codes are taken in the transaction that confirms.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import structlog

from router.carriers.carrier import Booked
from router.domain import Parcel, Shipment, number_series, tracking_link
from router.domain.coding import Codes
from router.domain.delivery_service import DeliveryService
from router.domain.tracking_link import TrackingLink
from router.papers import gathering, surroundings
from router.papers.facts import LabelFacts
from router.papers.letterhead import Printed
from router.store import letterheads
from router.store import number_series as store
from router.store.number_series import Taken, Taking
from shared import problems
from shared.postgres import Transaction

log = structlog.get_logger()


class BuiltIn:
    """Whoever is called by a parcel and is no other; see `Carrier`."""

    async def book(self, tx: Transaction, shipment: Shipment, parcels: Mapping[str, str]) -> Booked:
        """The next numbers of the series that the carriers have for the contract; none of a carrier without series.

        Refuses when they are used up: a label would be missing for good, so nothing is confirmed.
        """
        carriers = {parcel_id: number_series.key_of(called) for parcel_id, called in parcels.items()}
        wanted = Counter(carriers.values())
        taking = await store.take_numbers(tx, shipment.retailer_id, shipment.contract_number, wanted)
        if short := {parcels[parcel_id] for parcel_id, key in carriers.items() if _is_short(taking, wanted, key)}:
            raise _used_up(sorted(short), shipment.contract_number, "confirmed")
        _tell_if_low(tx, taking.taken)
        made = {key: _codes(taking.taken, key) for key in taking.carriers}
        return Booked({parcel_id: next(made[key]) for parcel_id, key in carriers.items() if key in made})

    async def label(self, tx: Transaction, shipment: Shipment, parcel: Parcel) -> LabelFacts | bytes:
        """What Sluice prints on the label, which has no logo."""
        head, _ = await letterheads.letterhead(tx, shipment.retailer_id)
        return gathering.label(shipment, parcel, await surroundings.of(tx, shipment, parcel, Printed(head)))

    async def cancel(self, tx: Transaction, shipment: Shipment, parcel: Parcel) -> str | None:
        """A number that was taken is never given again, and no carrier was told of it."""
        return (
            f"Parcel {parcel.parcel_id} has a number of the series {parcel.tracking_from}: it is booked nowhere, so"
            " there is nothing to give up"
        )

    def track(
        self, parcel: Parcel, called: str | None, service: DeliveryService | None, links: Mapping[str, TrackingLink]
    ) -> tuple[str, ...]:
        """By the address of the carrier it is called."""
        return tracking_link.links_of(parcel, called, links)


async def code_of_return(
    tx: Transaction, retailer_id: str, contract_number: str | None, carrier: str
) -> tuple[Codes, str] | None:
    """A code for a parcel on its way back, and the series it is of; None when its carrier has no series.

    Raises problems.Refused with 409 when they are used up: a label would be missing, so nothing is registered.
    """
    wanted = {number_series.key_of(carrier): 1}
    taking = await store.take_numbers(tx, retailer_id, contract_number, wanted)
    if any(_is_short(taking, wanted, key) for key in wanted):
        raise _used_up([carrier], contract_number, "registered")
    _tell_if_low(tx, taking.taken)
    return next((made for key in wanted for made in _codes(taking.taken, key)), None)


def _codes(taken: Sequence[Taken], carrier: str) -> Iterator[tuple[Codes, str]]:
    for series in taken:
        if series.carrier == carrier:
            for number in range(series.first, series.first + series.count):
                code = number_series.tracking_code(series.form, series.prefix, series.check_digit, number)
                yield (code,), series.name


def _is_short(taking: Taking, wanted: Mapping[str, int], carrier: str) -> bool:
    got = sum(series.count for series in taking.taken if series.carrier == carrier)
    return carrier in taking.carriers and got < wanted[carrier]


def _used_up(carriers: Sequence[str], contract_number: str | None, undone: str) -> problems.Refused:
    log.error("number series used up", carriers=carriers, contract=contract_number)
    contract = "" if contract_number is None else f" for contract {contract_number}"
    return problems.conflict(
        f"The tracking codes of {' and '.join(carriers)}{contract} are used up, so no label can be made and nothing was"
        f" {undone}. An operator has to give another number series; or send tracking codes of your own"
    )


def _tell_if_low(tx: Transaction, taken: Sequence[Taken]) -> None:
    for series in taken:
        before = series.left_in_all + sum(other.count for other in taken if other.carrier == series.carrier)
        if series.left_in_all <= series.low_at < before:
            told = {"series": series.name, "carrier": series.carrier, "left": series.left_in_all}
            tx.after_commit.append(partial(log.warning, "number series low", **told))
