"""What an order may not say of its products, as far as it is known what inventory has."""

from collections.abc import Sequence
from uuid import UUID

from order_intake import domain, store
from shared.contracts import OrderPlaced
from shared.postgres import Transaction
from shared.problems import FieldError


async def product_errors(tx: Transaction, orders: Sequence[OrderPlaced]) -> dict[UUID, tuple[FieldError, ...]]:
    """What is wrong with orders, by the ids of those with anything wrong.

    A row that names its product by its id and by an EAN must not name two products (glue-api.md A.8).
    """
    wanted = set().union(*(domain.wanted_products(order) for order in orders))
    known = await store.known_products(tx, sorted(wanted)) if wanted else {}
    return {
        order.order_id: tuple(
            FieldError(f"rows[{place}].productEANCode", "mismatch", "is not the EAN of externalProductId")
            for place in places
        )
        for order in orders
        if known and (places := domain.disagreeing_rows(order, known))
    }
