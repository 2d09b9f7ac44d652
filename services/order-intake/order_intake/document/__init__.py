"""The order document of version 2, as retailers post it: read, checked, and announced to the other services."""

from order_intake.document.announcement import order_placed
from order_intake.document.order import OrderDocument
from order_intake.document.reading import read_order

__all__ = ["OrderDocument", "order_placed", "read_order"]
