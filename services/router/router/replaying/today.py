"""An order as it would be decided now, with what the router has heard of catalogues and stock."""

from router import domain, store
from router.domain import Sources
from shared.contracts import OrderPlaced, Seen
from shared.postgres import Transaction
from shared.rules import barcodes
from shared.rules.balance import NOTHING
from shared.rules.barcodes import Known
from shared.rules.plan import Ranked
from shared.rules.replay import Past


async def as_of_now(tx: Transaction, order: OrderPlaced) -> Past:
    """The order with its candidates and what is known of their stock. Nothing is asked of inventory."""
    goods = [row for row in order.rows if domain.needs_stock(row)]
    balances = await store.balances_with(
        tx,
        {(order.retailer_id, row.product_id) for row in goods if row.product_id},
        {(order.retailer_id, row.ean) for row in goods if row.ean and not row.product_id},
    )
    sourcing = (await store.sourcing_of(tx, {order.retailer_id}))[order.retailer_id]
    known = domain.sources(sourcing.catalogues, balances.get(order.retailer_id, ()))
    plan = domain.preferred(order, domain.rank_candidates(order, known), sourcing.preferences)
    return Past(order, plan, 1, {row.external_id: tuple(_seen(one, known) for one in row.ranked) for row in plan.rows})


async def disagreeing_rows(tx: Transaction, order: OrderPlaced) -> list[int]:
    """The places of an order's rows that name a product by its id and by an EAN that is not its own."""
    wanted = barcodes.wanted_products(order)
    found = await store.balances_with(tx, wanted, ()) if wanted else {}
    known: dict[tuple[str, str], list[Known]] = {}
    for balance in found.get(order.retailer_id, ()):
        if balance.published:
            product = (order.retailer_id, balance.product_id)
            known.setdefault(product, []).append(Known(balance.catalogue_id, balance.ean))
    return barcodes.disagreeing_rows(order, known)


def _seen(ranked: Ranked, known: Sources) -> Seen:
    """What inventory would see if nothing had happened since the router heard of a balance last."""
    [balance] = [one for one in known.by_product[ranked.product_id] if one.catalogue_id == ranked.catalogue_id]
    return Seen(
        catalogue_id=ranked.catalogue_id,
        product_id=ranked.product_id,
        quantity=balance.quantity or NOTHING,
        allocated=NOTHING,
        held=NOTHING,
        safety_stock=balance.safety_stock,
        taken=NOTHING,
        unlimited=balance.unlimited,
        back_order_room=None if ranked.back_order_allowed else NOTHING,
        verdict="not sellable" if not balance.sellable else "",
    )
