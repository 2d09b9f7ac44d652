"""Random orders and shelves for the rules of taking, and the few words to write down a particular one."""

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import strategies as st

from shared.contracts import AllocateOrder, OrderAllocated, RowDemand
from shared.rules.balance import Balance, Key
from tests.inventory import orders
from tests.inventory.orders import SHOP

PLACES = ("W1/A", "W2/A", "W3/A", "W1/B", "W2/B", "W3/B", "W4/gone")

units = st.one_of(st.integers(0, 9).map(Decimal), st.decimals(0, 12, places=1))
rarely = st.sampled_from([False, False, False, False, True])

shelves = st.fixed_dictionaries(
    {
        place: st.builds(
            Balance,
            id=st.just(number),
            quantity=units,
            allocated=units,
            safety_stock=st.sampled_from([Decimal(0), Decimal(0), Decimal("1.5"), Decimal(3)]),
            held=st.sampled_from([Decimal(0), Decimal(0), Decimal(2)]),
            sellable=rarely.map(lambda rare: not rare),
            active=rarely.map(lambda rare: not rare),
            end_of_sale=rarely,
            unlimited=rarely,
            back_order_allowed=st.booleans(),
            back_order_room=st.none() | units,
        )
        for number, place in enumerate(PLACES[:-1])
    }
).map(lambda shelf: {key_of(place): balance for place, balance in shelf.items()})


@st.composite
def demands(draw: st.DrawFn) -> AllocateOrder:
    """An order of up to five rows with every flag, some of them in bundles."""
    count = draw(st.integers(0, 5))
    bundled = draw(st.booleans())
    rows = [
        orders.row(
            str(number),
            float(draw(units)),
            *draw(st.lists(st.sampled_from(PLACES), max_size=6)),
            mandatory=draw(rarely),
            partial_delivery_allowed=not draw(rarely),
            back_order=draw(st.booleans()),
            parent=draw(st.sampled_from([None, *map(str, range(count)), "service"])) if bundled else None,
        )
        for number in range(count)
    ]
    return orders.order(*rows).model_copy(update={"all_or_nothing": draw(rarely)})


def key_of(place: str) -> Key:
    """The key of `W1/A` in the shop."""
    catalogue, product = place.split("/")
    return SHOP, catalogue, product


def shelf_of(**stocked: float) -> dict[Key, Balance]:
    """Balances by `W1_A=3`."""
    return {
        key_of(place.replace("_", "/")): Balance(number, Decimal(str(quantity)))
        for number, (place, quantity) in enumerate(stocked.items())
    }


def promises(answer: OrderAllocated) -> dict[str, dict[str, Decimal]]:
    """What each row takes, by place."""
    return {
        row.external_id: {f"{one.catalogue_id}/{one.product_id}": one.quantity for one in row.taken}
        for row in answer.rows
    }


def waits(answer: OrderAllocated) -> dict[str, dict[str, Decimal]]:
    """What of each row waits, by place."""
    return {
        row.external_id: {f"{one.catalogue_id}/{one.product_id}": one.quantity for one in row.waiting}
        for row in answer.rows
    }


def places(row: RowDemand) -> Sequence[str]:
    """The places a row may be served from, each once."""
    return list(dict.fromkeys(f"{one.catalogue_id}/{one.product_id}" for one in row.candidates))
