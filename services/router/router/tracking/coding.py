"""Codes for the parcels of a shipment that is confirmed: numbers of the series its carrier and contract have."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import structlog

from router.delivery import services
from router.domain import coding, number_series
from router.domain.coding import Codes
from router.domain.shipment import Parcel, Shipment
from router.store import number_series as store
from router.store.number_series import Taken, Taking
from shared import problems
from shared.postgres import Transaction

log = structlog.get_logger()


class Coded(NamedTuple):
    """A confirmed shipment with its codes, and its parcels (by id) that nShift has yet to book."""

    shipment: Shipment
    to_book: tuple[str, ...] = ()


async def with_codes(tx: Transaction, shipment: Shipment) -> Coded:
    """A shipment that has just been confirmed, each parcel that carries something with a code.

    A parcel whose carrier has no series stays without. Raises problems.Refused with 409 when the carrier's series for
    the contract are used up: a label would be missing for good, so nothing is confirmed.
    """
    uncoded = coding.uncoded(shipment)
    if not uncoded:
        return Coded(shipment)
    named = await _carriers(tx, uncoded)
    carriers = {parcel_id: number_series.key_of(carrier) for parcel_id, carrier in named.items()}
    booked = number_series.key_of(coding.NSHIFT)
    wanted = Counter(carrier for carrier in carriers.values() if carrier != booked)
    codes: dict[str, tuple[Codes, str | None]] = {}
    if wanted:
        taking = await store.take_numbers(tx, shipment.retailer_id, shipment.contract_number, wanted)
        if short := {named[parcel_id] for parcel_id, carrier in carriers.items() if _is_short(taking, wanted, carrier)}:
            raise _used_up(sorted(short), shipment.contract_number, "confirmed")
        _tell_if_low(tx, taking.taken)
        made = {carrier: _codes(taking.taken, carrier) for carrier in taking.carriers}
        codes = {parcel_id: next(made[carrier]) for parcel_id, carrier in carriers.items() if carrier in made}
    to_book = tuple(parcel_id for parcel_id, carrier in carriers.items() if carrier == booked)
    return Coded(coding.coded(shipment, codes) if codes else shipment, to_book)


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


async def _carriers(tx: Transaction, parcels: Sequence[Parcel]) -> dict[str, str]:
    """Who carries each parcel, by its id, as far as that is known. Services are looked up only if one names none."""
    by_id = {}
    if any(not (parcel.delivery_operator or "").strip() for parcel in parcels):
        by_id = {service.id: service for service in await services.offered(tx)}
    carriers = ((parcel.parcel_id, coding.carrier_of(parcel, by_id)) for parcel in parcels)
    return {parcel_id: carrier for parcel_id, carrier in carriers if carrier is not None}


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
