"""The order document, as retailers post it: read, checked, merged, and announced to the other services."""

from order_intake.document.announcement import order_placed
from order_intake.document.order import OrderDocument
from order_intake.document.order_v2 import OrderV2
from order_intake.document.order_v3 import OrderOfAny, OrderV3
from order_intake.document.reading import ANY, V2, V3, read_order

__all__ = ["ANY", "V2", "V3", "OrderDocument", "OrderOfAny", "OrderV2", "OrderV3", "order_placed", "read_order"]
