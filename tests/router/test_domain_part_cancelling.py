"""How much of a row can be cancelled, and where it is taken from first."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from router import domain
from router.domain import Row, Shipment
from router.domain.part_cancelling import PartCancelled, cancel_part
from router.domain.standing import Line, Piece, RowStanding
from shared.contracts import PartRelease
from tests.router.test_domain_shipments import MADE_AT, a_shipment


def shipment(lot: int, quantity: int, status: str = "Created", minutes: int = 0) -> Shipment:
    """A shipment of boots, made so many minutes after the others."""
    return replace(
        a_shipment(Row("1", "BOOTS", Decimal(quantity)), status=status),
        shipment_id=UUID(int=lot),
        lot=lot,
        created_at=MADE_AT + timedelta(minutes=minutes),
    )


def row(*shipments: Shipment, held: int = 0, unserved: int = 0, rerouting: int = 0, waiting: int = 0) -> RowStanding:
    """A row that is in these shipments, and otherwise where it is said to be."""
    pieces = [
        Piece(
            catalogue_id="W1",
            product_id="BOOTS",
            lot=one.lot,
            quantity=one.rows[0].quantity,
            shipment_id=one.shipment_id,
        )
        for one in shipments
    ]
    if held:
        pieces.append(Piece(catalogue_id="W2", product_id="BOOTS", lot=9, quantity=Decimal(held)))
    return RowStanding(
        external_id="1",
        quantity=sum((piece.quantity for piece in pieces), Decimal(unserved + rerouting + waiting)),
        pieces=tuple(pieces),
        unserved=Decimal(unserved),
        rerouting=Decimal(rerouting),
        waiting=Decimal(waiting),
        lines=(Line(lot=1, quantity=Decimal(waiting)),) if waiting else (),
    )


def cancelled(of: RowStanding, quantity: int, *shipments: Shipment) -> PartCancelled:
    """What becomes of a row of which so much is cancelled."""
    return cancel_part(of, Decimal(quantity), {one.shipment_id: one for one in shipments})


def falls(done: PartCancelled) -> dict[int, int]:
    """How much shipments shrink by, by lot."""
    return {id_.int: int(rows["1", "BOOTS"]) for id_, rows in done.falls.items()}


def test_first_goes_what_is_furthest_from_being_delivered() -> None:
    one = shipment(1, 3)
    standing = row(one, held=3, unserved=3, rerouting=3, waiting=3)
    done = [cancelled(standing, quantity, one) for quantity in (2, 5, 8, 11, 14)]
    assert [(int(d.row.unserved), int(d.row.rerouting), int(d.row.waiting)) for d in done] == [
        (1, 3, 3),
        (0, 1, 3),
        (0, 0, 1),
        (0, 0, 0),
        (0, 0, 0),
    ]
    assert [int(d.row.promised) for d in done] == [6, 6, 6, 4, 1]
    assert [falls(d) for d in done] == [{}, {}, {}, {}, {1: 2}]
    assert done[-1].releases == (
        PartRelease(row_id="1", quantity=Decimal(3)),
        PartRelease(row_id="1", quantity=Decimal(3), lot=9, catalogue_id="W2", product_id="BOOTS"),
    )


def test_of_shipments_the_least_far_gives_first_and_among_those_the_newest() -> None:
    picked, old, new = shipment(1, 2, "Picking", 9), shipment(2, 2, minutes=1), shipment(3, 2, minutes=2)
    standing = row(picked, old, new)
    assert [falls(cancelled(standing, quantity, picked, old, new)) for quantity in (1, 3, 5)] == [
        {3: 1},
        {3: 2, 2: 1},
        {3: 2, 2: 2, 1: 1},
    ]


def test_a_shipment_in_error_is_as_far_as_it_had_come() -> None:
    stuck = replace(shipment(1, 2, "Error", 9), reached="Packing")
    new = shipment(2, 2)
    assert falls(cancelled(row(stuck, new), 1, stuck, new)) == {2: 1}


def test_what_was_delivered_stays() -> None:
    sent, open_ = shipment(1, 4, "Delivered"), shipment(2, 1)
    done = cancelled(row(sent, open_), 5, sent, open_)
    assert (int(done.released), int(done.row.cancelled), int(done.row.promised)) == (1, 1, 4)
    nothing = cancelled(done.row, 1, sent)
    assert (int(nothing.released), nothing.row) == (0, done.row)


def test_inventory_is_told_nothing_of_services() -> None:
    standing = row(held=2, unserved=1).model_copy(update={"stocked": False})
    assert cancelled(standing, 3).releases == ()


small = st.integers(0, 4)
open_or_not = st.lists(st.tuples(st.integers(1, 4), st.sampled_from([*domain.STATUSES]), small), max_size=4)


@given(open_or_not, small, small, small, small, st.integers(1, 30))
def test_all_of_the_row_is_somewhere_and_only_what_is_not_delivered_is_cancelled(
    found: list[tuple[int, str, int]], held: int, unserved: int, rerouting: int, waiting: int, quantity: int
) -> None:
    shipments = [
        replace(shipment(lot, amount, status, minutes), reached="Viewed" if status == "Error" else None)
        for lot, (amount, status, minutes) in enumerate(found, 1)
    ]
    before = row(*shipments, held=held, unserved=unserved, rerouting=rerouting, waiting=waiting)
    done = cancelled(before, quantity, *shipments)
    fixed = sum(int(one.rows[0].quantity) for one in shipments if one.closed)
    assert done.row.balanced
    assert done.released == min(quantity, before.quantity - fixed) == done.row.cancelled
    given_up = sum((part.quantity for part in done.releases), Decimal(0)) + sum(falls(done).values())
    assert given_up == done.released - (before.unserved - done.row.unserved) - (before.rerouting - done.row.rerouting)
    assert not {one.shipment_id for one in shipments if one.closed} & done.falls.keys()
