-- What suppliers' shipment lists say of the shop's orders: `shipment_list` (exports/shipments.py),
-- empty where none was given. Matched by order name and SKU, with quantities: units that Shopify
-- already knows as fulfilled are taken off first.

CREATE MACRO sku_key(t) AS upper(regexp_replace(t, '\s', '', 'g'));

CREATE TABLE order_names AS
SELECT
    order_id,
    order_number,
    order_key(order_name) AS name_key,
    order_digits(order_name) AS digits,
    count(*) OVER (PARTITION BY order_digits(order_name)) = 1 AS is_only
FROM orders
WHERE getvariable('shipments') IS NOT NULL;

CREATE TABLE supplier_match AS
SELECT
    s.*,
    coalesce(n.order_id, i.order_id, CASE WHEN d.is_only THEN d.order_id END) AS order_id,
    d.order_id IS NOT NULL AND NOT d.is_only AS is_ambiguous
FROM shipment_list s
LEFT JOIN order_names n ON n.name_key = order_key(s.order_name)
LEFT JOIN order_names i ON i.order_number = order_key(s.order_name)
LEFT JOIN order_names d ON d.digits = order_digits(s.order_name)
QUALIFY row_number() OVER (PARTITION BY s.source_file, s.row) = 1;

-- A list whose SKUs fit no order at all numbers its goods in its own way: only its orders count.
CREATE TABLE supplier_row AS
WITH fitting AS (
    SELECT m.*, l.order_id IS NOT NULL AS fits
    FROM supplier_match m
    LEFT JOIN (SELECT DISTINCT order_id, sku_key(sku) AS sku FROM order_lines) l
        ON l.order_id = m.order_id AND l.sku = sku_key(m.sku)
)
SELECT
    f.*,
    CASE WHEN bool_or(fits) OVER (PARTITION BY source_file) THEN sku_key(f.sku) END AS goods,
    coalesce(f.tracking_number IN (
        SELECT s.tracking_number FROM fulfillments s
        WHERE s.order_id = f.order_id AND s.status = 'SUCCESS'
    ), false) AS is_synced
FROM fitting f;

CREATE TABLE ordered_goods AS
SELECT
    order_id,
    sku_key(sku) AS goods,
    sum(quantity) AS ordered,
    -- of a line that was shipped in part at least one unit waits
    sum(greatest(0, quantity - coalesce(unfulfilled_quantity, 1) - coalesce(non_fulfillable_quantity, 0)))
        AS fulfilled
FROM order_lines
WHERE getvariable('shipments') IS NOT NULL
GROUP BY ALL;

-- Per order and goods (all goods where the list names none): units shipped there, unknown here.
CREATE TABLE supplier_goods AS
WITH said AS (
    SELECT
        order_id,
        goods,
        sum(quantity) FILTER (is_synced) AS synced,
        CASE WHEN count(quantity) = count(*) THEN sum(quantity) FILTER (NOT is_synced) END AS units,
        count(*) FILTER (NOT is_synced) AS rows_left,
        string_agg(DISTINCT tracking_number, ', ' ORDER BY tracking_number) FILTER (NOT is_synced)
            AS tracking_number,
        string_agg(DISTINCT carrier, ', ' ORDER BY carrier) FILTER (NOT is_synced) AS carrier,
        max(shipped_at) FILTER (NOT is_synced) AS shipped_at
    FROM supplier_row
    WHERE order_id IS NOT NULL AND is_shipped AND (goods IS NULL OR fits)
    GROUP BY order_id, goods
), known AS (
    SELECT s.*, sum(g.ordered) AS ordered, sum(g.fulfilled) AS fulfilled
    FROM said s
    JOIN ordered_goods g
        ON g.order_id = s.order_id AND (s.goods IS NULL OR g.goods IS NOT DISTINCT FROM s.goods)
    GROUP BY ALL
)
SELECT
    *,
    CASE WHEN rows_left = 0 THEN 0 ELSE least(ordered - fulfilled, greatest(
        0, coalesce(units, ordered) - greatest(0, fulfilled - coalesce(synced, 0))
    )) END AS unsynced
FROM known;

-- Handed to the waiting lines in their order.
CREATE TABLE supplier_facts AS
WITH taken AS (
    SELECT
        w.order_id,
        w.fulfillment_order_id,
        greatest(0, least(w.units, g.unsynced - coalesce(sum(w.units) OVER (
            PARTITION BY w.order_id, g.goods ORDER BY w.fulfillment_order_line_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0))) AS units,
        g.tracking_number,
        g.carrier,
        g.shipped_at
    FROM waiting_lines w
    JOIN supplier_goods g
        ON g.order_id = w.order_id AND (g.goods IS NULL OR g.goods = sku_key(w.sku))
    UNION ALL
    SELECT order_id, NULL, unsynced, tracking_number, carrier, shipped_at
    FROM supplier_goods
    WHERE order_id NOT IN (SELECT order_id FROM waiting_lines)
)
SELECT
    order_id,
    fulfillment_order_id,
    sum(units)::BIGINT AS units,
    string_agg(DISTINCT tracking_number, ', ' ORDER BY tracking_number) AS tracking_number,
    string_agg(DISTINCT carrier, ', ' ORDER BY carrier) AS carrier,
    max(shipped_at) AS shipped_at
FROM taken
WHERE units > 0
GROUP BY order_id, fulfillment_order_id;

-- Where the listed goods came from: other orders that wait there should be in the list, too.
CREATE TABLE goods_place AS
SELECT f.order_id, f.fulfillment_order_id, f.location_id AS place, sku_key(l.sku) AS goods
FROM fulfillment_orders f
JOIN fulfillment_order_lines l USING (fulfillment_order_id)
WHERE f.location_id IS NOT NULL;

-- An export has no locations, so a vendor stands for one, if the list has half of its orders.
CREATE TABLE goods_vendor AS
SELECT l.order_id, l.vendor, l.order_id IN (SELECT order_id FROM supplier_row) AS is_listed
FROM order_lines l
WHERE l.vendor IS NOT NULL AND NOT EXISTS (FROM fulfillment_orders WHERE location_id IS NOT NULL);

CREATE TABLE covered AS
SELECT DISTINCT p.place
FROM goods_place p
JOIN supplier_row s ON s.order_id = p.order_id AND s.goods = p.goods
UNION
SELECT any_value(p.place)
FROM goods_place p
JOIN supplier_row s ON s.order_id = p.order_id AND s.goods IS NULL
GROUP BY p.order_id
HAVING count(DISTINCT p.place) = 1
UNION
SELECT vendor
FROM goods_vendor
GROUP BY vendor
HAVING 2 * count(DISTINCT order_id) FILTER (is_listed) >= count(DISTINCT order_id);

CREATE TABLE supplier_unmatched AS
SELECT
    'list' AS side,
    order_name,
    sku,
    quantity,
    tracking_number,
    carrier,
    shipped_at,
    source_file,
    row,
    CASE
        WHEN order_id IS NOT NULL THEN 'the order has no such SKU'
        WHEN is_ambiguous THEN 'its number fits several orders'
        ELSE 'no such order'
    END AS reason
FROM supplier_row
WHERE order_id IS NULL OR (goods IS NOT NULL AND NOT fits)
UNION ALL
SELECT
    'list', o.order_name, g.goods, g.units - g.ordered, g.tracking_number, g.carrier, g.shipped_at,
    NULL, NULL, 'more units than were ordered'
FROM supplier_goods g
JOIN orders o USING (order_id)
WHERE g.units > g.ordered
UNION ALL
SELECT
    'shop', any_value(o.order_name), NULL, any_value(w.units_left), NULL, NULL, NULL, NULL, NULL,
    'waits at ' || coalesce(any_value(f.location), any_value(w.vendors), 'a service')
        || ' and is not in the list'
FROM fulfillment_orders f
JOIN line_facts w USING (fulfillment_order_id)
JOIN orders o ON o.order_id = f.order_id
LEFT JOIN goods_vendor v ON v.order_id = f.order_id
WHERE getvariable('shipments') IS NOT NULL
    AND f.status NOT IN ('CLOSED', 'CANCELLED')
    AND (f.at_service OR coalesce(f.location_id, v.vendor) IN (FROM covered))
    AND f.order_id NOT IN (SELECT order_id FROM supplier_row WHERE order_id IS NOT NULL)
GROUP BY f.fulfillment_order_id
ORDER BY side, order_name, row, sku, quantity, reason;
