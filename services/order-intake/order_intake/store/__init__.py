"""The tables of the order book, one function for each statement."""

from order_intake.store.auditing import RowBook, books
from order_intake.store.placed import Placed, documents_at, insert_orders, insert_rows, placed_order
from order_intake.store.progress import orders_for_update, parts_of, rows_of, save_orders, save_parts, save_rows

__all__ = [
    "Placed",
    "RowBook",
    "books",
    "documents_at",
    "insert_orders",
    "insert_rows",
    "orders_for_update",
    "parts_of",
    "placed_order",
    "rows_of",
    "save_orders",
    "save_parts",
    "save_rows",
]
