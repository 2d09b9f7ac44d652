"""The auditor knows orders that are held, cancelled, released and replaced, and finds what is wrong with them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from deploy.local import bookkeeping, whole_bundles
from deploy.local.bookkeeping import Books
from inventory.store import Discrepancy, Promised, RestockedBook, WaitingRow
from order_intake.store import ReturnBook, RowBook
from order_intake.store.auditing import PartBook
from shared.contracts import FIRST_FILLED_LOT, OrderAllocated, RowAllocated, Taking

FIVE, NOTHING = Decimal(5), Decimal(0)
TWO, THREE = Decimal(2), Decimal(3)
ORDER, SHIPMENT, RETURN = UUID(int=1), UUID(int=2), UUID(int=3)

TAKEN = OrderAllocated(
    order_id=ORDER,
    round=1,
    outcome="full",
    rows=(
        RowAllocated(external_id="1", taken=(Taking(catalogue_id="W", product_id="A", quantity=FIVE),), short=NOTHING),
    ),
)


def booked(**fields: Any) -> RowBook:
    """The order's one row of five in the order book: routed, and all of it in the shipment unless told otherwise."""
    given: dict[str, Any] = {
        "order_id": ORDER,
        "external_id": "1",
        "quantity": FIVE,
        "reserved": NOTHING,
        "waiting": NOTHING,
        "rerouting": NOTHING,
        "unserved": NOTHING,
        "delivered": NOTHING,
        "cancelled": NOTHING,
        "status": "Routed",
        "routed": True,
        "cancelled_order": False,
        "current": True,
        "parts": (),
    }
    return RowBook(**given | fields)


def part(*, delivered: Decimal = NOTHING, closed: bool = False) -> PartBook:
    """What of the row is in the shipment, as the order book knows it."""
    return PartBook(SHIPMENT, "W", FIVE, delivered, closed)


def decision(**fields: Any) -> dict[str, Any]:
    """The row's decision at the router: five are taken, and shipped."""
    given = {
        "order_id": ORDER,
        "state": "routed",
        "round": 1,
        "record_round": 1,
        "outcome": "full",
        "held": False,
        "shipped": True,
        "cancelled": False,
        "row_id": "1",
        "quantity": FIVE,
        "taken": FIVE,
        "waiting": NOTHING,
        "unserved": NOTHING,
        "stocked": True,
        "parent": None,
        "less_wanted": False,
    }
    return given | fields


def standing(**fields: Any) -> dict[str, Any]:
    """Where the row is now: five are promised, and nothing else has become of it."""
    given = {
        "order_id": ORDER,
        "row_id": "1",
        "quantity": FIVE,
        "promised": FIVE,
        "waiting": NOTHING,
        "rerouting": NOTHING,
        "unserved": NOTHING,
        "cancelled": NOTHING,
    }
    return given | fields


def piece(**fields: Any) -> dict[str, Any]:
    """What a catalogue promised to the row, in the shipment."""
    given = {
        "order_id": ORDER,
        "row_id": "1",
        "stocked": True,
        "catalogue_id": "W",
        "product_id": "A",
        "lot": 1,
        "shipment_id": SHIPMENT,
        "quantity": FIVE,
    }
    return given | fields


def shipment(**fields: Any) -> dict[str, Any]:
    """The row in its shipment at the router."""
    given = {
        "order_id": ORDER,
        "row_id": "1",
        "catalogue_id": "W",
        "product_id": "A",
        "lot": 1,
        "shipment_id": SHIPMENT,
        "quantity": FIVE,
        "delivered": NOTHING,
        "closed": False,
        "status": "Created",
        "stocked": True,
    }
    return given | fields


def promise(*, delivered: Decimal = NOTHING, returned: Decimal = NOTHING, lot: int = 1) -> Promised:
    """What inventory promised to the row."""
    return Promised(ORDER, "1", "shop", "W", "A", FIVE, delivered, returned, lot)


def returned(**fields: Any) -> dict[str, Any]:
    """Five of the row were to come back; three did, and two are on the shelf again."""
    given = {
        "order_id": ORDER,
        "return_id": RETURN,
        "shipment_id": SHIPMENT,
        "status": "Received",
        "version": 2,
        "row_id": "1",
        "product_id": "A",
        "quantity": FIVE,
        "received": THREE,
        "restocked": TWO,
        "delivered": FIVE,
    }
    return given | fields


MAIL = {"shipment_id": SHIPMENT, "state": "sent"}
SHIPPED = Books(
    orders=[booked(parts=(part(),))],
    decisions=[decision()],
    standings=[standing()],
    pieces=[piece()],
    shipments=[shipment()],
    promises=[promise()],
    waiting=[],
    answers=[TAKEN],
    balances=[],
    mails=[MAIL],
)
HELD = replace(
    SHIPPED,
    orders=[booked(reserved=FIVE)],
    decisions=[decision(held=True, shipped=False)],
    pieces=[piece(shipment_id=None)],
    shipments=[],
    mails=[],
)
CALLED_OFF = replace(
    SHIPPED,
    orders=[booked(parts=(part(closed=True),), cancelled=FIVE, cancelled_order=True, status="Cancelled")],
    decisions=[decision(cancelled=True)],
    standings=[standing(promised=NOTHING, cancelled=FIVE)],
    pieces=[],
    shipments=[shipment(closed=True)],
    promises=[promise(returned=FIVE)],
)
LET_GO = replace(
    CALLED_OFF,
    orders=[booked(unserved=FIVE, cancelled=FIVE, cancelled_order=True, status="Cancelled")],
    decisions=[decision(cancelled=True, shipped=False)],
    shipments=[],
    mails=[],
)
NEVER_ASKED = replace(
    LET_GO,
    orders=[booked(routed=False, cancelled=FIVE, cancelled_order=True, status="Cancelled", current=False)],
    decisions=[decision(cancelled=True, shipped=False, taken=NOTHING, unserved=FIVE, outcome="none")],
    promises=[],
    answers=[],
)
DELIVERED_FIRST = replace(
    CALLED_OFF,
    orders=[booked(parts=(part(delivered=FIVE, closed=True),), delivered=FIVE, cancelled_order=True)],
    standings=[standing()],
    pieces=[piece()],
    shipments=[shipment(delivered=FIVE, closed=True)],
    promises=[promise(delivered=FIVE)],
)
WAITING = replace(
    SHIPPED,
    orders=[booked(waiting=FIVE)],
    standings=[standing(promised=NOTHING, waiting=FIVE)],
    decisions=[decision(taken=NOTHING, waiting=FIVE)],
    pieces=[],
    shipments=[],
    promises=[],
    waiting=[WaitingRow(ORDER, "1", 1, "shop", "W", "A", FIVE)],
    answers=[
        TAKEN.model_copy(
            update={
                "rows": (
                    RowAllocated(
                        external_id="1",
                        waiting=(Taking(catalogue_id="W", product_id="A", quantity=FIVE),),
                        short=NOTHING,
                    ),
                )
            }
        )
    ],
    mails=[],
)
CAME_BACK = replace(
    SHIPPED,
    orders=[booked(parts=(part(delivered=FIVE, closed=True),), delivered=FIVE, status="Delivered")],
    shipments=[shipment(delivered=FIVE, closed=True, status="Delivered")],
    promises=[promise(delivered=FIVE)],
    returns=[returned()],
    restocked=[RestockedBook(ORDER, RETURN, "1", "W", "A", TWO)],
    returns_shown=[ReturnBook(ORDER, "1", RETURN, SHIPMENT, "Received", FIVE, THREE)],
)
ANOTHER = returned(return_id=ORDER, received=THREE, restocked=NOTHING)
WRONG_BALANCE = Discrepancy(1, "shop", "W", "A", FIVE, FIVE, NOTHING, NOTHING, FIVE, NOTHING)


@pytest.mark.parametrize(
    "books",
    [
        pytest.param(SHIPPED, id="shipped"),
        pytest.param(HELD, id="held"),
        pytest.param(CALLED_OFF, id="cancelled after it was shipped"),
        pytest.param(LET_GO, id="cancelled before it was shipped"),
        pytest.param(NEVER_ASKED, id="cancelled before inventory was asked"),
        pytest.param(DELIVERED_FIRST, id="cancelled after it was delivered"),
        pytest.param(WAITING, id="waiting for stock"),
        pytest.param(CAME_BACK, id="delivered, and some of it came back"),
    ],
)
def test_the_books_of_an_order_add_up_whatever_has_become_of_it(books: Books) -> None:
    assert list(bookkeeping.problems(books)) == []


@pytest.mark.parametrize(
    ("books", "says"),
    [
        (replace(HELD, promises=[]), "0 promised by inventory, 5 at the router"),
        (replace(HELD, promises=[promise(returned=FIVE)]), "0 promised by inventory, 5 at the router"),
        (replace(HELD, orders=[booked()]), "0 reserved + 0 waiting + 0 being routed again + 0 unserved + 0 cancelled"),
        (replace(HELD, orders=[booked(unserved=FIVE)]), "5 unserved + 0 cancelled + 0 reserved in the order book"),
        (replace(HELD, shipments=[shipment()], mails=[MAIL]), "and has shipment"),
        (replace(HELD, decisions=[decision(shipped=False)]), "neither held nor cancelled, and no shipment was made"),
        (replace(SHIPPED, orders=[booked(reserved=FIVE)]), "5 reserved in the order book"),
        (replace(SHIPPED, orders=[booked(routed=False)]), "no routing was ever heard"),
        (replace(SHIPPED, answers=[]), "is nothing at inventory"),
        (replace(SHIPPED, decisions=[decision(cancelled=True)]), "not cancelled in the order book, cancelled at"),
        (replace(SHIPPED, promises=[promise(lot=2)]), "(lot 2): 5 promised by inventory, 0 at the router"),
        (replace(SHIPPED, pieces=[]), "0 at the router, 5 in its shipments"),
        (replace(SHIPPED, standings=[standing(promised=Decimal(4))]), "is not its quantity 5"),
        (
            replace(SHIPPED, standings=[standing(promised=NOTHING, rerouting=FIVE)], pieces=[]),
            "is to be routed again, and nobody is asked",
        ),
        (replace(SHIPPED, shipments=[shipment(), shipment(shipment_id=ORDER)]), "2 shipments from W for lot 1"),
        (replace(SHIPPED, mails=[]), "0 mails to its supplier"),
        (replace(SHIPPED, mails=[MAIL, MAIL]), "2 mails to its supplier"),
        (replace(CAME_BACK, restocked=[]), "2 of A back on the shelf at the router, 0 in inventory"),
        (
            replace(CAME_BACK, restocked=[RestockedBook(ORDER, RETURN, "1", "W", "A", THREE)]),
            "2 of A back on the shelf at the router, 3 in inventory",
        ),
        (replace(CAME_BACK, returns=[]), "is nothing at the router, (5, 3, Received) in the order book"),
        (
            replace(CAME_BACK, returns_shown=[]),
            "(quantity, received, status) is (5, 3, Received) at the router, nothing in the order book",
        ),
        (
            replace(CAME_BACK, returns=[returned(received=TWO)]),
            "is (5, 2, Received) at the router, (5, 3, Received) in the order book",
        ),
        (replace(CAME_BACK, returns=[returned(), ANOTHER]), "6 of A came back or do, 5 were delivered"),
        (
            replace(CAME_BACK, returns=[returned(status="Registered", delivered=THREE)]),
            "5 of A came back or do, 3 were",
        ),
        (replace(SHIPPED, balances=[WRONG_BALANCE]), "5 held, but its promises and holds give"),
        (replace(CALLED_OFF, decisions=[decision()]), "cancelled in the order book, not cancelled at the router"),
        (replace(CALLED_OFF, shipments=[shipment()]), "cancelled, and its shipment"),
        (replace(CALLED_OFF, promises=[promise()]), "5 promised by inventory, 0 at the router"),
        (
            replace(CALLED_OFF, orders=[booked(parts=(part(closed=True),), cancelled_order=True)]),
            "0 delivered + 0 cancelled is not its quantity 5",
        ),
        (replace(LET_GO, promises=[promise()]), "5 promised by inventory, 0 at the router"),
        (replace(LET_GO, answers=[]), "is nothing at inventory"),
        (replace(NEVER_ASKED, promises=[promise()]), "5 promised by inventory, 0 at the router"),
        (replace(NEVER_ASKED, decisions=[]), "the router never heard of it"),
        (replace(DELIVERED_FIRST, promises=[promise()]), "0 delivered at inventory, 5 at the router"),
        (replace(WAITING, waiting=[]), "0 waiting in inventory, 5 at the router"),
        (replace(WAITING, standings=[standing(promised=NOTHING, unserved=FIVE)]), "5 waiting in inventory, 0 at the"),
        (replace(WAITING, orders=[booked(unserved=FIVE)]), "in the order book, 5 waiting"),
    ],
)
def test_what_does_not_add_up_is_named(books: Books, says: str) -> None:
    assert says in "\n".join(bookkeeping.problems(books))


def test_an_order_whose_answer_never_came_is_not_forgotten_because_it_was_cancelled() -> None:
    books = replace(NEVER_ASKED, decisions=[decision(cancelled=True, state="asked", row_id=None)], standings=[])
    assert list(bookkeeping.problems(books)) == [f"order {ORDER}: the router still waits for inventory"]


def of_a_bundle(*shipments: dict[str, Any], less_wanted: bool = False) -> str:
    """What is wrong with shipments of five of row 1 with ten of row 2, which belong together."""
    rows = [decision(less_wanted=less_wanted), decision(row_id="2", quantity=2 * FIVE, parent="1")]
    return "\n".join(whole_bundles.problems(rows, shipments))


def test_an_open_shipment_with_a_part_of_a_bundle_is_named_unless_nothing_can_be_undone_any_more() -> None:
    table, chairs, few = shipment(), shipment(row_id="2", quantity=2 * FIVE), shipment(row_id="2", quantity=FIVE)
    elsewhere = {"shipment_id": ORDER, "closed": True, "status": "Delivered"}
    wrong = f"order {ORDER}: shipment {SHIPMENT} has a part of a bundle without the rest"
    assert of_a_bundle() == of_a_bundle(table, chairs) == ""
    assert of_a_bundle(table) == of_a_bundle(chairs) == of_a_bundle(table, few) == wrong
    assert of_a_bundle(shipment(quantity=FIVE / 2), few, shipment(**elsewhere)) == ""
    assert of_a_bundle(table, less_wanted=True) == ""
    assert of_a_bundle(shipment(status="Shipping")) == ""
    assert of_a_bundle(shipment(closed=True, status="Cancelled")) == ""
    assert of_a_bundle(shipment(**elsewhere, delivered=FIVE), shipment(row_id="2", quantity=FIVE)) == ""
    assert of_a_bundle(table, shipment(**elsewhere, row_id="2", lot=FIRST_FILLED_LOT)) == ""
    alone = [decision(), decision(row_id="2")]
    assert list(whole_bundles.problems(alone, [table])) == []
