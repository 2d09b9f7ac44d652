"""What people know of goods by themselves: what they put on shelves, what they sent away, and what came back of it.

It is made of what they said and were answered. Nothing here is read from a service's tables, whose books it is held
against.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)
REGISTERED, RECEIVED, CANCELLED = "Registered", "Received", "Cancelled"

RowKey = tuple[str, str]
"""A row of a shipment: its id in the order, and the supplier's product id."""

Shelf = tuple[str, str]
"""A product in a catalogue."""


@dataclass
class Sent:
    """A shipment of which something was delivered, and how much of which row."""

    shipment_id: str
    supplier_id: str
    catalogue_id: str
    rows: dict[RowKey, Decimal]


@dataclass
class Return:
    """What somebody registered, and what of it its receiver has found and put back. `receipt` is what that one said."""

    return_id: str
    number: str
    sent: Sent
    receiver_id: str
    rows: dict[RowKey, Decimal]
    status: str = REGISTERED
    receipt: Any = None
    received: dict[RowKey, Decimal] = field(default_factory=dict)
    restocked: dict[RowKey, Decimal] = field(default_factory=dict)

    def back(self, key: RowKey) -> Decimal:
        """How much of a row is on its way back or came."""
        if self.status == CANCELLED:
            return ZERO
        return (self.received if self.status == RECEIVED else self.rows).get(key, ZERO)


@dataclass
class Ledger:
    """The goods of all people."""

    put: defaultdict[Shelf, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    sent: dict[str, Sent] = field(default_factory=dict)
    returns: dict[str, Return] = field(default_factory=dict)

    def note_shelved(self, shelf: Shelf, units: int) -> None:
        """Somebody put so much on a shelf; less than nothing was taken away."""
        self.put[shelf] += units

    def note_sent(self, supplier_id: str, shipment: Mapping[str, Any]) -> None:
        """A supplier was answered that its shipment is like this. What was delivered stays delivered."""
        shipment_id = shipment["shipmentId"]
        for row in shipment["consignment"]["rows"]:
            delivered = _units(row["deliveredQuantity"])
            if delivered:
                new = Sent(shipment_id, supplier_id, row["externalWarehouseId"], {})
                rows = self.sent.setdefault(shipment_id, new).rows
                key = _key(row)
                rows[key] = max(rows.get(key, ZERO), delivered)

    def note_registered(self, asked: Mapping[str, Any], told: Mapping[str, Any]) -> None:
        """Somebody asked for this to come back and was answered that; told of it again, it is the same one.

        AssertionError if it is not what was asked for.
        """
        sent = self.sent[asked["shipmentId"]]
        rows = {_key(row): _units(row["quantity"]) for row in told["rows"]}
        for row in asked["rows"]:
            assert _units(row.get("quantity", rows[_key(row)])) == rows[_key(row)], f"{asked} was answered {told}"
        assert len(rows) == len(asked["rows"]), f"{asked} was answered {told}"
        receiver = told["retailerId"] if asked.get("goesTo") == "RETAILER" else sent.supplier_id
        new = Return(told["returnId"], told["orderExternalId"], sent, receiver, rows)
        assert self.returns.setdefault(new.return_id, new).rows == rows, f"{new.return_id} was registered otherwise"

    def note_received(self, return_id: str, receipt: Mapping[str, Any]) -> None:
        """Its receiver's receipt was taken. AssertionError if it did not come any more, or came otherwise before."""
        one = self.returns[return_id]
        received, restocked = dict[RowKey, Decimal](), dict[RowKey, Decimal]()
        for row in receipt["rows"]:
            key = _key(row)
            came = _units(row.get("quantity", one.rows[key] - received.get(key, ZERO)))
            received[key] = received.get(key, ZERO) + came
            restocked[key] = restocked.get(key, ZERO) + (came if row.get("restock") else ZERO)
        before = (one.status, one.received, one.restocked)
        assert one.status == REGISTERED or before == (RECEIVED, received, restocked), f"{before}, then {receipt}"
        one.status, one.receipt, one.received, one.restocked = RECEIVED, receipt, received, restocked

    def note_cancelled(self, return_id: str) -> None:
        """It was agreed that it is not coming. AssertionError if it came."""
        one = self.returns[return_id]
        assert one.status != RECEIVED, f"return {return_id} was received and then cancelled"
        one.status = CANCELLED

    def on_shelf(self, shelf: Shelf) -> Decimal:
        """What must lie there, sold or not, as long as nobody counts it: what was put there, left and came back."""
        here = [sent for sent in self.sent.values() if sent.catalogue_id == shelf[0]]
        back = [one for one in self.returns.values() if one.sent.catalogue_id == shelf[0]]
        return self.put[shelf] - _of(shelf[1], (s.rows for s in here)) + _of(shelf[1], (r.restocked for r in back))

    def too_much(self) -> Iterator[str]:
        """Of what more came back, or is to, than was delivered."""
        back: dict[tuple[str, RowKey], Decimal] = defaultdict(Decimal)
        for one in self.returns.values():
            for key in one.rows:
                back[one.sent.shipment_id, key] += one.back(key)
                if not one.restocked.get(key, ZERO) <= one.received.get(key, ZERO) <= one.rows[key]:
                    yield f"return {one.return_id} row {key}: {one} has more than was registered"
        for (shipment_id, key), units in back.items():
            delivered = self.sent[shipment_id].rows.get(key, ZERO)
            if units > delivered:
                yield f"shipment {shipment_id} row {key}: {units} come back or did, {delivered} were delivered"


def _of(product: str, listed: Iterable[Mapping[RowKey, Decimal]]) -> Decimal:
    return sum((units for rows in listed for (_, named), units in rows.items() if named == product), ZERO)


def _key(row: Mapping[str, Any]) -> RowKey:
    return row["externalId"], row["itemId"]


def _units(number: object) -> Decimal:
    return Decimal(str(number))
