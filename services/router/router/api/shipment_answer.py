"""A shipment as it is answered (glue-api.md A.9): no prices, and no rows of other suppliers.

Pages have thousands of them, so they are written without models. What each part means, `shipment_shown` says; what is
not known is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import Response

from router import domain
from router.domain import Noted, Packed, Parcel, Row, Shipment
from router.tracking.following import Following
from shared import problems, wire
from shared.contracts import AdditionalService, Comment, Party
from shared.wire import PageRequest

Json = dict[str, Any]
RowKey = tuple[str, str]


def one(shipment: Shipment, organisation: str, followed: Following) -> Response:
    """A shipment as an organisation may see it, with its version as ETag."""
    return _answer(shown(shipment, organisation, followed), {"ETag": f'"{shipment.version}"'})


def page(
    found: Iterable[Shipment], organisation: str, followed: Following, total: int, asked: PageRequest, url: Any
) -> Response:
    """A page of a list of `total` shipments, in the envelope of all lists."""
    envelope: wire.Page[Json] = wire.page_of((), total, asked, url)
    # One after the other, so that what is made of one is gone before the next.
    content = [orjson.Fragment(orjson.dumps(shown(shipment, organisation, followed))) for shipment in found]
    return _answer({**envelope.model_dump(by_alias=True), "content": content})


def shown(shipment: Shipment, organisation: str, followed: Following) -> Json:
    """A shipment as an organisation may see it: the supplier's own reference is for the supplier alone."""
    delivery = shipment.delivery
    return _known(
        {
            "shipmentId": str(shipment.shipment_id),
            "externalId": shipment.external_reference if organisation == shipment.supplier_id else None,
            "clientId": shipment.supplier_id,
            "metadata": {
                "sourceOrganization": shipment.retailer_id,
                "documentType": delivery.document_type or "SalesOrder",
                "insertDate": problems.timestamp(shipment.created_at),
                "updateDate": problems.timestamp(shipment.updated_at),
            },
            "references": [{"name": reference.name, "value": reference.value} for reference in delivery.references],
            "createdDate": problems.timestamp(shipment.created_at),
            "acceptBy": problems.timestamp(shipment.accept_by),
            "status": _known(
                {
                    "value": shipment.status,
                    "timestamp": problems.timestamp(shipment.status_at),
                    "reason": shipment.status_reason,
                }
            ),
            "events": [_event(noted) for noted in shipment.events],
            "consignment": _consignment(shipment, followed),
        }
    )


def _answer(content: Json, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), media_type="application/json", headers=headers)


def _known(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value is not None}


def _event(noted: Noted) -> Json:
    return _known(
        {
            "type": noted.type,
            "status": noted.status,
            "timestamp": problems.timestamp(noted.at),
            "comment": noted.comment,
            "location": noted.location,
            "parcelId": noted.parcel_id,
        }
    )


def _consignment(shipment: Shipment, followed: Following) -> Json:
    delivery = shipment.delivery
    codes = domain.tracking_codes(shipment)
    quantities = {(row.row_id, row.product_id): wire.shortest(row.quantity) for row in shipment.rows}
    ship_date, delivery_date = delivery.requested_ship_date, delivery.requested_delivery_date
    return _known(
        {
            "reference": shipment.order_external_id,
            "contractNumber": shipment.contract_number,
            "orderDate": problems.timestamp(delivery.order_date),
            "requestedShipDate": None if ship_date is None else problems.timestamp(ship_date),
            "requestedDeliveryDate": None if delivery_date is None else problems.timestamp(delivery_date),
            "vendor": _party(delivery.vendor),
            "sender": _party(delivery.sender),
            "client": _party(delivery.client),
            "deliveryAddress": _party(delivery.delivery_address),
            "deliveryOperator": delivery.delivery_operator,
            "comments": [_comment(comment) for comment in delivery.comments],
            "rows": [
                _row(shipment, row, quantities[row.row_id, row.product_id], codes[row.row_id, row.product_id])
                for row in shipment.rows
            ],
            "parcels": [_parcel(shipment, parcel, quantities, followed) for parcel in domain.packing(shipment)],
        }
    )


def _party(party: Party | None) -> Json | None:
    if party is None:
        return None
    return _known(
        {
            "externalId": party.external_id,
            "name": party.name,
            "streetAddress": party.street_address,
            "postalCode": party.postal_code,
            "postOffice": party.post_office,
            "country": party.country,
            "telephone": party.telephone,
            "email": party.email,
        }
    )


def _comment(comment: Comment) -> Json:
    return _known({"type": comment.type, "value": comment.value, "name": comment.name})


def _row(shipment: Shipment, row: Row, quantity: float, codes: Sequence[str]) -> Json:
    return _known(
        {
            "externalId": row.row_id,
            "itemId": row.product_id,
            "productEANCode": row.ean,
            "externalWarehouseId": shipment.catalogue_id,
            "quantity": quantity,
            "deliveredQuantity": wire.shortest(row.delivered),
            "productDescription": row.description,
            "productUnitOfMeasure": row.unit,
            "trackingCodes": codes,
        }
    )


def _parcel(shipment: Shipment, parcel: Parcel, quantities: Mapping[RowKey, float], followed: Following) -> Json:
    return _known(
        {
            "parcelId": parcel.parcel_id,
            "packageType": parcel.package_type,
            "serviceCode": parcel.service_code,
            "deliveryOperator": parcel.delivery_operator,
            "additionalServices": [_additional_service(service) for service in parcel.additional_services],
            "pickupPointId": parcel.pickup_point_id,
            "routingServiceCode": parcel.routing_service_code,
            "ready": parcel.ready,
            "weight": None if parcel.weight is None else wire.shortest(parcel.weight),
            "trackingCodes": parcel.tracking_codes,
            "ownTrackingCodes": parcel.own_tracking_codes if parcel.tracking_codes else None,
            "trackingLinks": followed.links_of(parcel) or None,
            "documents": _documents(shipment, parcel),
            "rows": [_packed(shipment, packed, quantities[packed.row_id, packed.product_id]) for packed in parcel.rows],
        }
    )


def _documents(shipment: Shipment, parcel: Parcel) -> list[Json]:
    address = f"/ecommerce/v3/shipments/{shipment.shipment_id}/parcels/{quote(parcel.parcel_id, safe='')}"
    missing = {"label": domain.why_no_label(shipment, parcel), "note": domain.why_no_note(shipment)}
    return [{"type": paper, "uri": f"{address}/{paper}"} for paper, why in missing.items() if why is None]


def _additional_service(service: AdditionalService) -> Json:
    return _known(
        {
            "serviceCode": service.service_code,
            "telephone": service.telephone,
            "email": service.email,
            "attributes": [{"name": named.name, "value": named.value} for named in service.attributes],
        }
    )


def _packed(shipment: Shipment, packed: Packed, quantity: float) -> Json:
    """A row in a parcel. Of a closed shipment what was not said is nothing."""
    delivered: Decimal | None = domain.ZERO if shipment.closed and packed.delivered is None else packed.delivered
    return _known(
        {
            "externalId": packed.row_id,
            "itemId": packed.product_id,
            "externalWarehouseId": shipment.catalogue_id,
            "quantity": quantity,
            "deliveredQuantity": None if delivered is None else wire.shortest(delivered),
        }
    )
