"""Orders that name a hold: they may take what it keeps, it ends as they do, and what is left of it is free."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.contracts import AllocateOrder, BalanceChanged, OrderFilled
from tests.inventory import orders
from tests.inventory.orders import OTHER_SHOP, SHOP, order, row
from tests.inventory.parties import Parties


@pytest.fixture
async def shelves(parties: Parties) -> Parties:
    """Callers of an inventory with ten of A in a catalogue that lets orders wait, and five of B in another."""
    await parties.publish({"W1": {"A": 10}, "W2": {"B": 5}})
    await parties.open_catalogue("W1", backOrderAllowed=True)
    await parties.said(BalanceChanged)
    return parties


async def keep(parties: Parties, retailer: str = SHOP, **units: float) -> UUID:
    """Let a shop keep so much of products; the hold's id."""
    rows = [{"externalProductId": product, "quantity": quantity} for product, quantity in units.items()]
    body = {"minutes": 30, "rows": rows}
    answer = await parties.call(retailer, "POST", "/ecommerce/v3/reservations", body)
    assert answer.status_code == 200, answer.text
    return UUID(answer.json()["reservationId"])


async def held(parties: Parties) -> dict[str, float]:
    """What is held of each shop's products."""
    async with parties.stock.transaction() as tx:
        rows = await tx.fetch("SELECT retailer_id, product_id, held FROM balances WHERE held > 0")
        assert (await tx.fetch_value("SELECT count(*) FROM hold_lines") > 0) == bool(rows)
    return {f"{row['retailer_id']}/{row['product_id']}": float(row["held"]) for row in rows}


def naming(hold: UUID | None, quantity: float, **more: Any) -> AllocateOrder:
    """An order of so much of A that names a hold."""
    return order(row("1", quantity, "W1/A", back_order=more.pop("back_order", False)), reservation_id=hold, **more)


async def test_what_is_held_is_there_for_the_order_that_names_the_hold_and_for_no_other(shelves: Parties) -> None:
    hold = await keep(shelves, A=8)
    other, named, late = order(row("1", 5, "W1/A")), naming(hold, 9), order(row("1", 1, "W1/A"))
    answers = await shelves.allocate(other, named, late)
    assert [answer.hold for answer in answers] == [None, "ended", None]
    assert [orders.taken(answer.rows) for answer in answers] == [{"1": {"W1/A": 2}}, {"1": {"W1/A": 8}}, {"1": {}}]
    assert [float(answer.rows[0].seen[0].held) for answer in answers] == [8, 0, 0]
    assert await held(shelves) == {}
    assert await shelves.balance("W1/A") == (0, 10)
    assert await shelves.the_books_add_up()


async def test_what_an_order_leaves_of_its_hold_goes_to_who_waits_then_to_the_next_and_all_hear_of_the_rest(
    shelves: Parties,
) -> None:
    hold = await keep(shelves, A=10, B=5)
    waiting, named, next_ = naming(None, 3, back_order=True), naming(hold, 4), naming(None, 2)
    await shelves.allocate(waiting)
    answers = await shelves.allocate(named, next_)
    assert [orders.taken(answer.rows) for answer in answers] == [{"1": {"W1/A": 4}}, {"1": {"W1/A": 2}}]
    (event,) = await shelves.said(OrderFilled)
    assert (event.order_id, orders.taken(event.rows)) == (waiting.order_id, {"1": {"W1/A": 3}})
    assert {event.product_id: float(event.quantity) for event in await shelves.said(BalanceChanged)} == {"A": 3, "B": 5}
    assert await held(shelves) == {}
    assert await shelves.balance("W1/A") == (1, 9)
    assert await shelves.the_books_add_up()


@pytest.mark.parametrize("which", ["unknown", "expired", "another shop's"])
async def test_a_hold_that_is_not_the_orders_to_name_gives_it_nothing_and_stays(shelves: Parties, which: str) -> None:
    await shelves.publish({"V": {"A": 3}}, retailer=OTHER_SHOP)
    own, foreign = await keep(shelves, A=8), await keep(shelves, OTHER_SHOP, A=3)
    if which == "expired":
        async with shelves.stock.transaction() as tx:
            await tx.execute("UPDATE holds SET expires_at = now() - interval '1 second'")
    (answer,) = await shelves.allocate(
        naming({"unknown": uuid4(), "expired": own, "another shop's": foreign}[which], 9)
    )
    assert (orders.taken(answer.rows), answer.hold) == ({"1": {"W1/A": 2}}, "absent")
    assert await held(shelves) == {f"{SHOP}/A": 8, f"{OTHER_SHOP}/A": 3}
    assert await shelves.the_books_add_up()


async def test_what_an_expired_hold_keeps_is_free_before_anybody_has_ended_it(shelves: Parties) -> None:
    await keep(shelves, A=8)
    async with shelves.stock.transaction() as tx:
        await tx.execute("UPDATE hold_lines SET expires_at = now() - interval '1 second'")
    (answer,) = await shelves.allocate(naming(None, 9))
    assert orders.taken(answer.rows) == {"1": {"W1/A": 9}}
    assert float(answer.rows[0].seen[0].held) == 0


async def test_a_hold_that_is_made_while_an_order_waits_for_its_turn_is_kept(shelves: Parties) -> None:
    async with shelves.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET held = 8 WHERE product_id = 'A'")
        await tx.execute(
            "WITH made AS (INSERT INTO holds (id, retailer_id, expires_at)"
            " VALUES (gen_random_uuid(), $1, now() + interval '1 hour') RETURNING id, expires_at)"
            " INSERT INTO hold_lines (hold_id, row_id, balance_id, quantity, expires_at)"
            " SELECT made.id, '1', b.id, 8, made.expires_at FROM made, balances b WHERE b.product_id = 'A'",
            SHOP,
        )
        asking = asyncio.ensure_future(shelves.allocate(naming(None, 5)))
        await shelves.somebody_waits()
    (answer,) = await asking
    assert orders.taken(answer.rows) == {"1": {"W1/A": 2}}


async def test_a_hold_is_taken_from_once_however_many_orders_name_it_at_once(shelves: Parties) -> None:
    hold = await keep(shelves, A=9)
    wanted = [naming(hold, 6) for _ in range(4)]
    await asyncio.gather(*(shelves.allocate(one) for one in wanted))
    assert await held(shelves) == {}
    assert await shelves.balance("W1/A") == (0, 10)
    assert await shelves.the_books_add_up()


@pytest.mark.parametrize("group", ["all or nothing", "a mandatory row", "nobody has it"])
async def test_an_order_that_takes_nothing_leaves_its_hold_as_it_was_and_may_be_sent_again(
    shelves: Parties, group: str
) -> None:
    hold = await keep(shelves, A=8)
    rows = [row("1", 5, "W1/A"), row("2", 9, "W2/B", mandatory=group == "a mandatory row")]
    more: dict[str, Any] = {"all_or_nothing": group == "all or nothing"}
    if group == "nobody has it":
        await shelves.publish({"W3": {"C": 0}})
        rows = [row("1", 5, "W3/C")]
    (refused,) = await shelves.allocate(order(*rows, reservation_id=hold, **more))
    assert (refused.outcome, refused.hold) == ("none" if group == "nobody has it" else "refused", "kept")
    assert await held(shelves) == {f"{SHOP}/A": 8}
    (other,) = await shelves.allocate(naming(None, 5))
    assert orders.taken(other.rows) == {"1": {"W1/A": 2}}
    (mended,) = await shelves.allocate(naming(hold, 8))
    assert (orders.taken(mended.rows), mended.hold) == ({"1": {"W1/A": 8}}, "ended")
    assert await held(shelves) == {}
    assert await shelves.the_books_add_up()
