"""How an order is named in an address: by its number, percent-encoded, which may have slashes in it."""

from typing import Annotated

from fastapi import Depends, Path
from starlette.convertors import StringConvertor, register_url_convertor

from shared import auth


class OrderNumberConvertor(StringConvertor):
    """The rest of an address, unless it is the address of something that an order has.

    What ends in `/routing`, and the cancellations of its rows, are the router's: the first service that fits an address
    serves it.
    """

    regex = r"(?!.+/(?:routing|preferences|comments)$)(?!.+/comments/.)(?!.+/rows/.+/cancellations$).*[^/]"


register_url_convertor("order_number", OrderNumberConvertor())

ORDERS = "/ecommerce/v3/orders"
ORDER = ORDERS + "/{external_id:order_number}"
OF_ORDER = ORDERS + "/{external_id:path}"
"""How the addresses of what an order has begin."""

OrderNumber = Annotated[
    str, Path(description="The order's number, percent-encoded; it may have slashes in it", examples=["BAR1"])
]

Retailer = Annotated[auth.Caller, Depends(auth.caller_with("retailer"))]
