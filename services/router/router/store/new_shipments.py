"""New shipments and their rows, as they are written when orders are decided."""

from collections.abc import Sequence

from router.domain import NewShipment
from shared import postgres
from shared.postgres import Transaction


async def save_shipments(tx: Transaction, shipments: Sequence[NewShipment]) -> None:
    """Write new shipments, without their rows."""
    # The shipments of an order share its delivery, which is large.
    documents = {
        created.order_id: created.delivery.model_dump_json(exclude_defaults=True).encode()
        for created in {new.created.order_id: new.created for new in shipments}.values()
    }
    # The codes of the handling come as one text: arrays of several lengths are no column.
    await tx.execute(
        "INSERT INTO shipments (id, order_id, order_external_id, retailer_id, supplier_id, catalogue_id, status,"
        " status_at, version, contract_number, document, accept_by, created_at, updated_at, handling, lot)"
        " SELECT id, order_id, order_external_id, retailer_id, supplier_id, catalogue_id, 'Created', created_at, 1,"
        " contract_number, document, accept_by, created_at, created_at, string_to_array(handling, ','), lot"
        " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[],"
        " $9::timestamptz[], $10::timestamptz[], $11::text[], $12::int[])"
        " AS made (id, order_id, order_external_id, retailer_id, supplier_id, catalogue_id, contract_number, document,"
        " accept_by, created_at, handling, lot)",
        *postgres.columns(
            (
                (
                    new.created.shipment_id,
                    new.created.order_id,
                    new.created.order_external_id,
                    new.created.retailer_id,
                    new.created.supplier_id,
                    new.created.catalogue_id,
                    new.contract_number,
                    documents[new.created.order_id],
                    new.created.accept_by,
                    new.created.created_at,
                    ",".join(new.handling),
                    new.created.lot,
                )
                for new in shipments
            ),
            12,
        ),
    )


async def save_shipment_rows(tx: Transaction, shipments: Sequence[NewShipment]) -> None:
    """Write the rows of new shipments, in the order of the order's rows."""
    await tx.execute(
        "INSERT INTO shipment_rows (shipment_id, position, row_id, product_id, ean, description, unit, stocked,"
        " quantity)"
        " SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],"
        " $8::bool[], $9::numeric[])",
        *postgres.columns(
            (
                (
                    new.created.shipment_id,
                    position,
                    row.external_id,
                    row.product_id,
                    row.ean,
                    row.description,
                    row.unit,
                    row.external_id in new.stocked,
                    row.quantity,
                )
                for new in shipments
                for position, row in enumerate(new.created.rows)
            ),
            9,
        ),
    )
