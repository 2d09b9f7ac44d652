"""The tables of the order book, one function for each statement."""

from order_intake.store.auditing import RowBook, books, first_ids
from order_intake.store.entries import Entry, insert_orders, insert_rows
from order_intake.store.forgetting import forget_ended, forget_parts, forget_rows
from order_intake.store.listing import Wanted, count_orders, find_orders, orders_numbered
from order_intake.store.placed import (
    Changeable,
    Placed,
    clock,
    documents_at,
    order_for_update,
    placed_of,
    placed_order,
    retire_order,
    save_document,
)
from order_intake.store.products import known_products, save_products
from order_intake.store.progress import (
    orders_for_update,
    parts_of,
    rows_of,
    save_orders,
    save_parts,
    save_rows,
    sent_before,
)
from order_intake.store.returns import (
    ReturnBook,
    current_orders,
    forget_returns,
    return_books,
    returns_of,
    save_returns,
    touch_orders,
)
from order_intake.store.successors import Successor, insert_rows_anew, insert_successor

__all__ = [
    "Changeable",
    "Entry",
    "Placed",
    "ReturnBook",
    "RowBook",
    "Successor",
    "Wanted",
    "books",
    "clock",
    "count_orders",
    "current_orders",
    "documents_at",
    "find_orders",
    "first_ids",
    "forget_ended",
    "forget_parts",
    "forget_returns",
    "forget_rows",
    "insert_orders",
    "insert_rows",
    "insert_rows_anew",
    "insert_successor",
    "known_products",
    "order_for_update",
    "orders_for_update",
    "orders_numbered",
    "parts_of",
    "placed_of",
    "placed_order",
    "retire_order",
    "return_books",
    "returns_of",
    "rows_of",
    "save_document",
    "save_orders",
    "save_parts",
    "save_products",
    "save_returns",
    "save_rows",
    "sent_before",
    "touch_orders",
]
