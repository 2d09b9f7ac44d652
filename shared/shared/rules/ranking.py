"""Which catalogues may serve a row, and in which order (routing.md, Candidates): no clock, no database, no dice."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

from shared.contracts import OrderPlaced, OrderRow, made
from shared.rules import barcodes
from shared.rules.plan import CatalogueTerms, Dropped, Plan, Ranked, RowPlan, needs_stock

OVT = re.compile(r"0037(\d{8})\d{0,5}")

NOTHING = Decimal(0)

NOT_AGAIN = "not asked again"
"""Why a catalogue is dropped that has already declined a row, was silent about it, or turned out not to have it."""


class Prioritised(Protocol):
    """What a catalogue is ranked by, whoever tells of it."""

    @property
    def catalogue_id(self) -> str: ...
    @property
    def priority(self) -> int | None: ...
    @property
    def route_weight(self) -> int | None: ...


@dataclass(frozen=True)
class Catalogue:
    """A retailer's catalogue as the router knows it. `supplier_name` is the supplier's as an organisation."""

    catalogue_id: str
    supplier_id: str
    supplier_name: str | None = None
    name: str | None = None
    priority: int | None = None
    route_weight: int | None = None
    contract_number: str | None = None
    active: bool = True
    back_order_allowed: bool = False
    acceptance_hours: float | None = None


@dataclass(frozen=True)
class Balance:
    """A product as it is kept in a catalogue. How much there is now, inventory knows; here is what was last heard.

    `quantity` is None when nothing was; `back_order_allowed` is None where the catalogue's word counts.
    """

    catalogue_id: str
    product_id: str
    ean: str | None = None
    description: str | None = None
    published: bool = True
    fragile: bool = False
    oversized: bool = False
    quantity: Decimal | None = None
    safety_stock: Decimal = NOTHING
    sellable: bool = True
    unlimited: bool = False
    back_order_allowed: bool | None = None
    wholesale_price: Decimal | None = None
    currency: str | None = None

    @property
    def stock(self) -> Decimal | None:
        """The units that were free when it was last heard of; None when that is not known."""
        if not self.sellable:
            return NOTHING
        return None if self.quantity is None else max(NOTHING, self.quantity - self.safety_stock)


@dataclass(frozen=True)
class Sources:
    """All that may serve a retailer's rows: catalogues by id, and their balances by product id and by EAN."""

    catalogues: Mapping[str, Catalogue]
    by_product: Mapping[str, Sequence[Balance]]
    by_ean: Mapping[str, Sequence[Balance]]


def sources(catalogues: Iterable[Catalogue], balances: Iterable[Balance]) -> Sources:
    """The sources of one retailer, indexed. Balances of an unknown catalogue do not count."""
    known = {catalogue.catalogue_id: catalogue for catalogue in catalogues}
    by_product: dict[str, list[Balance]] = {}
    by_ean: dict[str, list[Balance]] = {}
    for balance in balances:
        if balance.catalogue_id in known:
            by_product.setdefault(balance.product_id, []).append(balance)
            if balance.ean is not None:
                by_ean.setdefault(balance.ean, []).append(balance)
    return Sources(known, by_product, by_ean)


def rank_candidates(
    order: OrderPlaced, known: Sources, barred: Mapping[str, Collection[str]] = MappingProxyType({})
) -> Plan:
    """The candidates of each goods row in the order in which they are asked, and why the others are not.

    A row is served by its product id, or by its EAN when it has no product id; a pinned row by that catalogue alone; an
    order with a `PO` reference by the one supplier its receiver names. The smallest priority comes first and none last;
    equal priorities share the load by route weight; then the catalogue id decides. `barred` are catalogues that are
    not asked for a row, by the row's id.
    """
    receiver = _bound_receiver(order)
    wanted = [(row, _balances_of(row, known)) for row in order.rows if needs_stock(row)]
    having = {balance.catalogue_id for _, balances in wanted for balance in balances}
    order_of = order_of_catalogues(order.order_id, [known.catalogues[catalogue_id] for catalogue_id in having])
    rows = tuple(
        _plan_row(row, balances, receiver, known, order_of, barred.get(row.external_id, ())) for row, balances in wanted
    )
    asked = {candidate.catalogue_id for row in rows for candidate in row.ranked}
    return made(
        Plan,
        rows=rows,
        catalogues=tuple(
            made(
                CatalogueTerms,
                catalogue_id=catalogue.catalogue_id,
                supplier_id=catalogue.supplier_id,
                name=catalogue.name,
                contract_number=catalogue.contract_number,
                priority=catalogue.priority,
                route_weight=catalogue.route_weight,
                acceptance_hours=catalogue.acceptance_hours,
            )
            for catalogue in known.catalogues.values()
            if catalogue.catalogue_id in asked
        ),
    )


def _balances_of(row: OrderRow, known: Sources) -> Sequence[Balance]:
    return known.by_product.get(row.product_id, ()) if row.product_id else known.by_ean.get(row.ean or "", ())


def _plan_row(
    row: OrderRow,
    balances: Sequence[Balance],
    receiver: str | None,
    known: Sources,
    order_of: Mapping[str, int],
    barred: Collection[str],
) -> RowPlan:
    ranked: list[Ranked] = []
    dropped: list[Dropped] = []
    for balance in sorted(balances, key=lambda balance: (order_of[balance.catalogue_id], balance.product_id)):
        catalogue = known.catalogues[balance.catalogue_id]
        reason = _reason_to_drop(row, receiver, balance, catalogue, barred)
        if reason is None:
            ranked.append(_candidate(balance, catalogue))
        else:
            dropped.append(Dropped(catalogue_id=balance.catalogue_id, product_id=balance.product_id, reason=reason))
    return made(RowPlan, external_id=row.external_id, ranked=tuple(ranked), dropped=tuple(dropped))


def _candidate(balance: Balance, catalogue: Catalogue) -> Ranked:
    waits = catalogue.back_order_allowed if balance.back_order_allowed is None else balance.back_order_allowed
    return made(
        Ranked,
        catalogue_id=balance.catalogue_id,
        product_id=balance.product_id,
        ean=balance.ean,
        description=balance.description,
        fragile=balance.fragile,
        oversized=balance.oversized,
        stock=balance.stock,
        unlimited=balance.unlimited and balance.sellable,
        back_order_allowed=waits and balance.sellable,
        wholesale_price=balance.wholesale_price,
        currency=balance.currency,
    )


def _reason_to_drop(
    row: OrderRow, receiver: str | None, balance: Balance, catalogue: Catalogue, barred: Collection[str]
) -> str | None:
    """The first rule that drops a balance, in the order of routing.md; None for a candidate."""
    if not catalogue.active:
        return "inactive"
    if not balance.published:
        return "not published"
    if row.product_id and row.ean and not barcodes.may_be_of(row.ean, [balance.ean]):
        return "EAN differs"
    if row.catalogue_id and row.catalogue_id != catalogue.catalogue_id:
        return "pinned elsewhere"
    if receiver is not None and not names_supplier(receiver, catalogue):
        return "other supplier than PO"
    return NOT_AGAIN if catalogue.catalogue_id in barred else None


def _bound_receiver(order: OrderPlaced) -> str | None:
    """The receiver that binds the order: the one it names, when it has a purchase order's number."""
    is_purchase = any(reference.name.strip().casefold() == "po" for reference in order.delivery.references)
    return (order.receiver or "").strip() or None if is_purchase else None


def names_supplier(receiver: str, catalogue: Catalogue) -> bool:
    """Whether `metadata.receiverOrganization` means the supplier of a catalogue.

    It may be a business id with or without its dash, an OVT code (`0037`, the business id's eight digits, up to five
    more for a location), the supplier's name, or the catalogue's id or name. Case and blanks around it do not count.
    """
    named = receiver.strip().casefold()
    digits = named.replace("-", "")
    supplier = catalogue.supplier_id.strip().casefold().replace("-", "")
    code = OVT.fullmatch(digits)
    return (
        digits == supplier
        or (code is not None and code[1] == supplier)
        or named
        in {
            text.strip().casefold()
            for text in (catalogue.supplier_name, catalogue.catalogue_id, catalogue.name)
            if text is not None
        }
    )


def order_of_catalogues(order_id: UUID, catalogues: Iterable[Prioritised]) -> dict[str, int]:
    """The place of each catalogue in the ranking of this order: one for all its rows, which keeps them together."""
    listed = list(catalogues)
    equals = Counter([catalogue.priority for catalogue in listed])
    order = str(order_id)
    ranked = sorted(
        listed,
        key=lambda catalogue: (
            catalogue.priority is None,
            catalogue.priority or 0,
            _share(order, catalogue) if equals[catalogue.priority] > 1 else 0,
            catalogue.catalogue_id,
        ),
    )
    return {catalogue.catalogue_id: place for place, catalogue in enumerate(ranked)}


def _share(order: str, catalogue: Prioritised) -> float:
    """Weighted rendezvous hashing: over many orders each catalogue has the smallest share as often as its weight says.

    An exponential variable with the weight as its rate, drawn from a hash of order and catalogue; without a weight
    there is no share, so such a catalogue comes after the weighted ones.
    """
    if not catalogue.route_weight or catalogue.route_weight < 0:
        return math.inf
    drawn = blake2b(f"{order}/{catalogue.catalogue_id}".encode(), digest_size=8).digest()
    uniform = (int.from_bytes(drawn) + 0.5) / 2**64
    return -math.log(uniform) / catalogue.route_weight
