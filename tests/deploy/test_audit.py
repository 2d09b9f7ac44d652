"""The auditor knows orders that are held, cancelled, released and replaced, and finds what is wrong with them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from deploy.local import audit
from deploy.local.audit import Books
from inventory.store import Promised
from order_intake.store import RowBook
from order_intake.store.auditing import PartBook
from shared.contracts import OrderAllocated, RowAllocated, Taking

FIVE, NOTHING = Decimal(5), Decimal(0)
ORDER, SHIPMENT = UUID(int=1), UUID(int=2)

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
    }
    return given | fields


def shipment(*, delivered: Decimal = NOTHING, closed: bool = False) -> dict[str, Any]:
    """The row in its shipment at the router."""
    return {
        "order_id": ORDER,
        "row_id": "1",
        "catalogue_id": "W",
        "product_id": "A",
        "shipment_id": SHIPMENT,
        "quantity": FIVE,
        "delivered": delivered,
        "closed": closed,
        "status": "Created",
        "stocked": True,
    }


def reserved(*, cancelled: bool) -> dict[str, Any]:
    """What was promised to the row and is in no shipment."""
    return {"order_id": ORDER, "row_id": "1", "catalogue_id": "W", "quantity": FIVE, "cancelled": cancelled}


def promise(*, delivered: Decimal = NOTHING, returned: Decimal = NOTHING) -> Promised:
    """What inventory promised to the row."""
    return Promised(ORDER, "1", "shop", "W", "A", FIVE, delivered, returned)


MAIL = {"shipment_id": SHIPMENT, "state": "sent"}
SHIPPED = Books([booked(parts=(part(),))], [decision()], [], [shipment()], [promise()], [TAKEN], [], [MAIL])
HELD = Books(
    [booked(reserved=FIVE)],
    [decision(held=True, shipped=False)],
    [reserved(cancelled=False)],
    [],
    [promise()],
    [TAKEN],
    [],
    [],
)
CALLED_OFF = Books(
    [booked(parts=(part(closed=True),), cancelled=FIVE, cancelled_order=True, status="Cancelled")],
    [decision(cancelled=True)],
    [],
    [shipment(closed=True)],
    [promise(returned=FIVE)],
    [TAKEN],
    [],
    [MAIL],
)
LET_GO = Books(
    [booked(unserved=FIVE, cancelled=FIVE, cancelled_order=True, status="Cancelled")],
    [decision(cancelled=True, shipped=False)],
    [reserved(cancelled=True)],
    [],
    [promise(returned=FIVE)],
    [TAKEN],
    [],
    [],
)
NEVER_ASKED = Books(
    [booked(routed=False, cancelled=FIVE, cancelled_order=True, status="Cancelled", current=False)],
    [decision(cancelled=True, shipped=False, taken=NOTHING, unserved=FIVE, outcome="none")],
    [],
    [],
    [],
    [],
    [],
    [],
)
DELIVERED_FIRST = replace(
    CALLED_OFF,
    orders=[booked(parts=(part(delivered=FIVE, closed=True),), delivered=FIVE, cancelled_order=True)],
    shipments=[shipment(delivered=FIVE, closed=True)],
    promises=[promise(delivered=FIVE)],
)


@pytest.mark.parametrize(
    "books",
    [
        pytest.param(SHIPPED, id="shipped"),
        pytest.param(HELD, id="held"),
        pytest.param(CALLED_OFF, id="cancelled after it was shipped"),
        pytest.param(LET_GO, id="cancelled before it was shipped"),
        pytest.param(NEVER_ASKED, id="cancelled before inventory was asked"),
        pytest.param(DELIVERED_FIRST, id="cancelled after it was delivered"),
    ],
)
def test_the_books_of_an_order_add_up_however_its_retailer_changed_its_mind(books: Books) -> None:
    assert list(audit.problems(books)) == []


@pytest.mark.parametrize(
    ("books", "says"),
    [
        (replace(HELD, promises=[]), "inventory promised 0, the router 5"),
        (replace(HELD, promises=[promise(returned=FIVE)]), "inventory returned 5, the router 0"),
        (replace(HELD, orders=[booked()]), "0 reserved + 0 waiting + 0 unserved is not its quantity 5"),
        (replace(HELD, orders=[booked(unserved=FIVE)]), "0 reserved in the order book, 5 at the router"),
        (replace(HELD, shipments=[shipment()], mails=[MAIL]), "and has shipment"),
        (replace(HELD, decisions=[decision(shipped=False)]), "neither held nor cancelled, and no shipment was made"),
        (replace(SHIPPED, orders=[booked(reserved=FIVE)]), "5 reserved in the order book, 0 at the router"),
        (replace(SHIPPED, orders=[booked(routed=False)]), "no routing was ever heard"),
        (replace(SHIPPED, answers=[]), "is nothing at inventory"),
        (replace(SHIPPED, decisions=[decision(cancelled=True)]), "not cancelled in the order book, cancelled at"),
        (replace(CALLED_OFF, decisions=[decision()]), "cancelled in the order book, not cancelled at the router"),
        (replace(CALLED_OFF, shipments=[shipment()]), "cancelled, and its shipment"),
        (replace(CALLED_OFF, promises=[promise()]), "inventory returned 0, the router 5"),
        (
            replace(CALLED_OFF, orders=[booked(parts=(part(closed=True),), cancelled_order=True)]),
            "0 delivered + 0 cancelled is not its quantity 5",
        ),
        (replace(LET_GO, promises=[promise()]), "inventory returned 0, the router 5"),
        (replace(LET_GO, answers=[]), "is nothing at inventory"),
        (replace(NEVER_ASKED, promises=[promise()]), "inventory promised 5, the router 0"),
        (replace(NEVER_ASKED, decisions=[]), "the router never heard of it"),
        (replace(DELIVERED_FIRST, promises=[promise(returned=FIVE)]), "inventory delivered 0, the router 5"),
    ],
)
def test_what_does_not_add_up_is_named(books: Books, says: str) -> None:
    assert says in "\n".join(audit.problems(books))


def test_an_order_whose_answer_never_came_is_not_forgotten_because_it_was_cancelled() -> None:
    books = replace(NEVER_ASKED, decisions=[decision(cancelled=True, state="asked", row_id=None)])
    assert list(audit.problems(books)) == [f"order {ORDER}: the router still waits for inventory"]
