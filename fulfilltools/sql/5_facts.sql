-- What the backlog needs to know, one subject at a time. `asked` holds the one row of givens:
-- as_of, time zone and thresholds. Hours of business days are read off `calendar`.

CREATE MACRO hours_between(a, b) AS epoch(b - a) / 3600.0;

CREATE TABLE calendar AS
WITH days AS (
    SELECT unnest(generate_series(
        (SELECT least(min(processed_at), any_value(as_of)) - INTERVAL 400 DAY FROM orders, asked)::DATE,
        (SELECT as_of + INTERVAL 400 DAY FROM asked)::DATE,
        INTERVAL 1 DAY
    ))::DATE AS day
), kinds AS (
    SELECT day, NOT (
        list_contains(weekend, lower(strftime(day, '%a'))) OR list_contains(holidays, day)
    ) AS is_business
    FROM days, asked
)
SELECT day, is_business, coalesce(
    sum((asked.closes_at - asked.opens_at) * is_business::INT)
        OVER (ORDER BY day ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW), 0
) AS hours_before
FROM kinds, asked;

-- Each day's hours_before, as a list that is read by the day's place: a join would cost seconds.
SET VARIABLE hours_before = (SELECT list(hours_before ORDER BY day) FROM calendar);
SET VARIABLE calendar_before = (SELECT min(day) - 1 FROM calendar);
SET VARIABLE time_zone = (SELECT time_zone FROM asked);
SET VARIABLE opens_at = (SELECT opens_at FROM asked);

-- Business hours since the calendar began, at a moment; the difference of two is a duration.
CREATE MACRO business_hours(place, hour) AS getvariable('hours_before')[place] + greatest(0, least(
    hour - getvariable('opens_at'),
    getvariable('hours_before')[place + 1] - getvariable('hours_before')[place]
));
CREATE MACRO business_clock(t) AS business_hours(
    nullif(greatest(0, (t AT TIME ZONE getvariable('time_zone'))::DATE - getvariable('calendar_before')), 0),
    epoch((t AT TIME ZONE getvariable('time_zone'))::TIME) / 3600.0
);

-- What comes after the day's cut-off counts as if it had come with the next day.
CREATE MACRO from_cutoff(t) AS (
    SELECT CASE
        WHEN epoch((t AT TIME ZONE asked.time_zone) - date_trunc('day', t AT TIME ZONE asked.time_zone))
            >= asked.cutoff_at * 3600
            THEN (date_trunc('day', t AT TIME ZONE asked.time_zone) + INTERVAL 1 DAY)
                AT TIME ZONE asked.time_zone
        ELSE t
    END
    FROM asked
);

-- When work could begin: placed, paid and its date reached, as far as that was so by a moment. An
-- order that was edited keeps its first payment's moment. greatest() passes over missing values.
CREATE MACRO actionable(placed, is_edited, first_paid, last_paid, opened, by_then) AS greatest(
    placed,
    CASE WHEN is_edited AND first_paid <= by_then THEN first_paid
        WHEN NOT is_edited AND last_paid <= by_then THEN last_paid END,
    CASE WHEN opened <= by_then THEN opened END
);

-- Money: when it came, how it failed, when an authorization ends.
CREATE TABLE payment_facts AS
SELECT
    order_id,
    min(processed_at) FILTER (status = 'SUCCESS' AND kind IN ('SALE', 'CAPTURE')) AS first_paid_at,
    max(processed_at) FILTER (status = 'SUCCESS' AND kind IN ('SALE', 'CAPTURE')) AS last_paid_at,
    max(processed_at) FILTER (status = 'SUCCESS' AND kind = 'AUTHORIZATION') AS authorized_at,
    max(authorization_ends_at) FILTER (status = 'SUCCESS' AND kind = 'AUTHORIZATION')
        AS authorization_ends_at,
    max(processed_at) FILTER (status = 'SUCCESS' AND kind = 'REFUND') AS refunded_at,
    -- One struct, because arg_max() passes over missing values and would mix two transactions.
    arg_max(struct_pack(kind, status, error_code, gateway), struct_pack(processed_at, place))
        FILTER (processed_at IS NOT NULL) AS last,
    bool_or(is_manual) AS is_manual_gateway
FROM transactions
GROUP BY order_id;

-- Parcels: what left, from where, what failed since, what stands ready for pickup.
CREATE TABLE shipment_facts AS
SELECT
    order_id,
    count(*) FILTER (status = 'SUCCESS') AS shipments,
    min(created_at) FILTER (status = 'SUCCESS') AS first_shipped_at,
    max(created_at) FILTER (status = 'SUCCESS') AS last_shipped_at,
    list(DISTINCT location_id) FILTER (status = 'SUCCESS') AS shipped_from,
    max(created_at) FILTER (display_status = 'READY_FOR_PICKUP') AS ready_for_pickup_at
FROM fulfillments
GROUP BY order_id;

-- A place's last parcel of an order that failed or was cancelled, with none that left after it.
CREATE TABLE undone_facts AS
SELECT
    order_id,
    location_id,
    max(created_at) FILTER (undone) AS undone_at,
    arg_max(struct_pack(
        status := CASE WHEN display_status = 'LABEL_VOIDED' THEN display_status ELSE status END,
        fulfillment := fulfillment
    ), struct_pack(created_at, fulfillment_id)) FILTER (undone) AS last
FROM (SELECT *, status IN ('ERROR', 'FAILURE', 'CANCELLED') AS undone FROM fulfillments)
GROUP BY order_id, location_id
HAVING undone_at > coalesce(max(created_at) FILTER (status = 'SUCCESS'), '-infinity'::TIMESTAMPTZ);

CREATE TABLE request_facts AS
SELECT
    fulfillment_order_id,
    max(sent_at) FILTER (kind = 'FULFILLMENT_REQUEST') AS requested_at,
    max(sent_at) FILTER (kind = 'CANCELLATION_REQUEST') AS cancellation_requested_at
FROM merchant_requests
GROUP BY fulfillment_order_id;

CREATE TABLE hold_facts AS
SELECT
    fulfillment_order_id,
    list_sort(list(DISTINCT reason)) AS hold_reasons,
    string_agg(DISTINCT reason_text, ', ' ORDER BY reason_text) AS hold_text,
    string_agg(DISTINCT held_by_app, ', ' ORDER BY held_by_app) AS held_by_app,
    string_agg(DISTINCT notes, '; ' ORDER BY notes) AS hold_notes
FROM holds
GROUP BY fulfillment_order_id;

-- What a fulfillment order still has to ship, line by line.
CREATE TABLE waiting_lines AS
SELECT
    f.fulfillment_order_id,
    f.order_id,
    f.location_id,
    o.processed_at,
    fl.fulfillment_order_line_id,
    fl.remaining_quantity AS units,
    coalesce(fl.requires_shipping, l.requires_shipping) AS requires_shipping,
    l.is_gift_card,
    l.title,
    l.selling_plan,
    l.variant_id,
    l.product_type,
    l.product_tags,
    coalesce(fl.sku, l.sku) AS sku,
    coalesce(fl.vendor, l.vendor) AS vendor,
    coalesce(fl.inventory_item_id, l.inventory_item_id) AS inventory_item_id,
    -- A line that names a day is a pickup, a service or a rental, whatever ships or not.
    len(list_filter(l.attribute_keys, lambda k:
        regexp_matches(lower(k), '\b(date|datum|day|dag|tid|time)\b')
            AND NOT regexp_matches(lower(k), 'birth|född|geburt|naissance')
    )) > 0 AS names_a_day,
    l.unfulfilled_value * fl.remaining_quantity / nullif(l.unfulfilled_quantity, 0) AS value,
    fl.warning_titles
FROM fulfillment_orders f
JOIN orders o USING (order_id)
JOIN fulfillment_order_lines fl USING (fulfillment_order_id)
LEFT JOIN order_lines l USING (line_id)
WHERE f.status NOT IN ('CLOSED', 'CANCELLED') AND fl.remaining_quantity > 0;

-- What an order is made of, all of it: gift cards, things that ship nothing, or things to ship.
CREATE TABLE order_kinds AS
SELECT
    order_id,
    CASE
        WHEN bool_and(is_gift_card) THEN 'gift_card'
        WHEN NOT bool_or(requires_shipping) THEN 'digital'
        ELSE 'physical'
    END AS kind
FROM order_lines
GROUP BY order_id;

-- How an item's earlier orders left: at once and without tracking is how digital things do.
CREATE TABLE instant_norms AS
SELECT
    l.sku,
    count(DISTINCT order_id) FILTER (
        abs(hours_between(o.processed_at, s.created_at)) <= 5 / 60.0 AND s.tracking_number IS NULL
    ) AS instant,
    count(DISTINCT order_id) AS sample
FROM order_lines l
JOIN orders o USING (order_id)
JOIN fulfillments s USING (order_id)
WHERE o.fulfillment_status = 'FULFILLED' AND s.status = 'SUCCESS' AND l.sku IS NOT NULL
    AND NOT coalesce(o.source_name = 'pos', false)
GROUP BY l.sku;

-- Items that left a place before are mapped there.
CREATE TABLE shipped_items AS
SELECT DISTINCT f.location_id, l.inventory_item_id, true AS shipped_before
FROM fulfillment_orders f
JOIN fulfillment_order_lines l USING (fulfillment_order_id)
WHERE f.status = 'CLOSED' AND l.remaining_quantity = 0 AND l.inventory_item_id IS NOT NULL;

CREATE TABLE line_facts AS
SELECT
    fulfillment_order_id,
    sum(units)::BIGINT AS units_left,
    count(*) AS lines_left,
    bool_or(requires_shipping) AS needs_shipping,
    bool_and(is_gift_card) AS all_gift_cards,
    bool_or(names_a_day) AS names_a_day,
    bool_and(coalesce(shipped_before, false)) AS shipped_before_here,
    count(*) FILTER (sku IS NULL) AS lines_without_sku,
    count(*) FILTER (variant_id IS NULL) AS lines_without_variant,
    array_to_string(list_sort(list(DISTINCT title))[:3], ', ') AS items,
    array_to_string(list_sort(list(DISTINCT vendor))[:3], ', ') AS vendors,
    max(selling_plan) AS selling_plan,
    coalesce(array_to_string(list_sort(list(DISTINCT nullif(regexp_extract(
        lower(concat_ws(' ', title, product_type, array_to_string(product_tags, ' '))),
        '\b(digital|download|e-?book|pdf|license|mp3|nedladdning|printable)\b'
    ), ''))), ', '), '') AS digital_words,
    min(instant)::BIGINT AS instant_shipments,
    min(sample)::BIGINT AS instant_sample,
    round(sum(value), 4) AS value,
    nullif(array_to_string(list_sort(list_distinct(flatten(list(warning_titles)))), ', '), '')
        AS warnings
FROM waiting_lines
LEFT JOIN instant_norms USING (sku)
LEFT JOIN shipped_items USING (location_id, inventory_item_id)
GROUP BY fulfillment_order_id;

-- Stock is handed out first come, first served: `available` already subtracts this order's own
-- committed units, so what there is for orders is available and committed together. (`on_hand`
-- also counts what is damaged or reserved.)
CREATE TABLE stock_line AS
SELECT
    w.fulfillment_order_id,
    w.inventory_item_id,
    w.units,
    i.is_tracked,
    w.processed_at,
    w.location_id,
    w.fulfillment_order_line_id,
    here.location_id IS NOT NULL AND coalesce(here.is_active, true) AS is_stocked_here,
    coalesce(here.available + here.committed, here.on_hand, 0) AS on_hand,
    CASE
        WHEN i.is_tracked IS NULL THEN NULL
        -- Without its location there is no telling what lies there.
        WHEN i.is_tracked AND w.location_id IS NULL THEN NULL
        WHEN NOT i.is_tracked THEN 0
        ELSE greatest(0, least(w.units, sum(w.units) OVER (
            PARTITION BY w.inventory_item_id, w.location_id
            ORDER BY w.processed_at, w.fulfillment_order_line_id
        ) - coalesce(here.available + here.committed, here.on_hand, 0)))
    END AS short,
    (SELECT sum(incoming) FROM inventory_levels WHERE inventory_item_id = w.inventory_item_id)
        AS incoming,
    CASE WHEN w.inventory_item_id IS NULL THEN 0 ELSE i.duplicate_sku_count END
        AS duplicate_sku_count,
    i.weight
FROM waiting_lines w
LEFT JOIN inventory_items i USING (inventory_item_id)
LEFT JOIN inventory_levels here
    ON here.inventory_item_id = w.inventory_item_id AND here.location_id = w.location_id;

-- Another place that could ship all that is short of a fulfillment order: what is available there
-- is promised once, to the first who ordered. Whether a place is active has to be known.
CREATE TABLE elsewhere_facts AS
WITH promised AS (
    SELECT
        s.fulfillment_order_id,
        there.location_id,
        there.available >= sum(s.units) OVER (
            PARTITION BY s.inventory_item_id, there.location_id
            ORDER BY s.processed_at, s.fulfillment_order_line_id
        ) AS covers
    FROM stock_line s
    JOIN inventory_levels there
        ON there.inventory_item_id = s.inventory_item_id AND there.location_id <> s.location_id
    JOIN locations ON locations.location_id = there.location_id AND locations.is_active
    WHERE s.short > 0 AND coalesce(there.is_active, true)
), lacking AS (
    SELECT fulfillment_order_id, count(*) AS lines FROM stock_line WHERE short > 0 GROUP BY ALL
)
SELECT DISTINCT p.fulfillment_order_id
FROM promised p
JOIN lacking n USING (fulfillment_order_id)
GROUP BY p.fulfillment_order_id, p.location_id, n.lines
HAVING count(*) FILTER (p.covers) = n.lines;

CREATE TABLE stock_facts AS
SELECT
    fulfillment_order_id,
    CASE WHEN count(*) = count(short) THEN sum(short)::BIGINT END AS units_short,
    CASE
        WHEN fulfillment_order_id IN (SELECT fulfillment_order_id FROM elsewhere_facts) THEN true
        WHEN units_short IS NULL OR (SELECT count(*) FROM locations) = 0 THEN NULL
        ELSE false
    END AS stocked_elsewhere,
    coalesce(bool_and(is_stocked_here) FILTER (short > 0), true) AS stocked_here,
    sum(incoming) FILTER (short > 0)::BIGINT AS units_incoming,
    sum(on_hand) FILTER (short > 0)::BIGINT AS units_on_hand,
    bool_and(weight = 0) AS is_weightless,
    CASE
        WHEN count(*) = count(duplicate_sku_count) THEN count(*) FILTER (duplicate_sku_count > 0)
    END AS lines_with_shared_sku
FROM stock_line
GROUP BY fulfillment_order_id;
