-- migrate:up

-- `rerouting` is asked for again, because it turned out not to come from where it was routed. `cancelled` is what the
-- newest routing tells, or what the retailer's cancellation leaves. What suppliers tell of their deliveries may be
-- heard later than that, and for a moment both can be more than the quantity. `cancelled_before` is what the retailer had
-- cancelled of the row before the order was placed anew; `quantity` is without it.
ALTER TABLE order_rows
    ADD rerouting numeric(18, 6) NOT NULL DEFAULT 0 CHECK (rerouting >= 0),
    ADD cancelled_before numeric(18, 6) NOT NULL DEFAULT 0 CHECK (cancelled_before >= 0),
    DROP CONSTRAINT order_rows_quantity_check,
    ADD CONSTRAINT order_rows_quantity_check CHECK (
        quantity > 0 OR quantity = 0 AND delivered_before + cancelled_before > 0
    ),
    DROP CONSTRAINT order_rows_check2,
    ADD CONSTRAINT order_rows_ended_check CHECK (delivered >= 0 AND cancelled >= 0);

-- What the newest routing tells of the part, NULL when none did.
ALTER TABLE row_parts ADD told numeric(18, 6) CHECK (told >= 0);

-- Until now nobody was asked for what a closed shipment did not deliver: it is not coming.
UPDATE order_rows SET cancelled = short.quantity
FROM (
    SELECT r.order_id, r.external_id, r.quantity - r.reserved - r.waiting - r.unserved - coalesce((
        SELECT sum(CASE WHEN p.closed THEN p.delivered ELSE p.quantity END) FROM row_parts p
        WHERE p.order_id = r.order_id AND p.row_external_id = r.external_id
    ), 0) AS quantity
    FROM order_rows r JOIN orders o ON o.id = r.order_id
    WHERE o.round > 0 AND NOT o.cancelled
) AS short
WHERE order_rows.order_id = short.order_id AND order_rows.external_id = short.external_id
    AND short.quantity > order_rows.cancelled;

-- migrate:down
