"""The facts of the label with which goods come back: from the consumer to whoever takes them back."""

from collections.abc import Sequence

from router.domain import way_back
from router.domain.delivery_service import DeliveryService
from router.domain.returns import Return
from router.domain.shipment import Shipment
from router.papers import addresses, gathering, words
from router.papers.facts import LabelFacts
from shared.contracts import Party


def return_label(returned: Return, shipment: Shipment, services: Sequence[DeliveryService]) -> LabelFacts:
    """The facts of a return's label, in the language of the papers it came with. It has a code and an address.

    It says that it is a return, and by which number its receiver finds it: that of whoever registered it, else ours.
    """
    parcel = way_back.parcel_of(returned)
    language = gathering.language_of(shipment)
    return LabelFacts(
        language=language,
        code=returned.tracking_codes[0],
        sender=addresses.block(shipment.delivery.delivery_address),
        receiver=addresses.addressee(returned.return_address or Party(), None, None, None, language),
        carrier=returned.delivery_operator or "",
        service_code=returned.service_code or "",
        service=gathering.service_name(parcel, services, language),
        extras=(f"{words.word('return', language)} {returned.reference or returned.return_id}",),
        weight="",
        number=1,
        of=1,
        order=returned.order_external_id,
        ordered_on=words.day(shipment.delivery.order_date, language),
        contract=shipment.contract_number or "",
        routing="",
    )
