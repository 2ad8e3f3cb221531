-- What the shop's own history says. A norm with too few examples is no norm: NULL, unknown.

-- From actionable (or requested, at a service) to the first parcel from that place, of what is
-- shipped by people: counter sales and files leave at once and would make every parcel late.
CREATE TABLE time_to_ship AS
SELECT
    f.fulfillment_order_id,
    f.location_id,
    any_value(f.location) AS location,
    any_value(f.at_service) AS at_service,
    any_value(f.delivery_method) AS delivery_method,
    min(s.created_at) AS shipped_at,
    -- Started like the clock of what is open, or a late payment would make every norm slow.
    business_clock(min(s.created_at)) - business_clock(least(min(s.created_at), greatest(
        any_value(r.requested_at),
        actionable(
            any_value(o.processed_at), any_value(o.is_edited), any_value(p.first_paid_at),
            any_value(p.last_paid_at), any_value(f.fulfill_at), min(s.created_at)
        )
    ))) AS business_hours
FROM fulfillment_orders f
JOIN orders o USING (order_id)
JOIN fulfillments s ON s.order_id = f.order_id AND s.location_id = f.location_id AND s.status = 'SUCCESS'
LEFT JOIN request_facts r USING (fulfillment_order_id)
LEFT JOIN payment_facts p ON p.order_id = f.order_id
WHERE f.status = 'CLOSED'
    AND o.cancelled_at IS NULL
    AND coalesce(o.source_name, '') <> 'pos'
    AND coalesce(f.delivery_method, '') NOT IN ('RETAIL', 'NONE')
GROUP BY f.fulfillment_order_id, f.location_id;

CREATE TABLE location_norms AS
SELECT
    location_id,
    delivery_method,
    max(location) AS location,
    count(*) AS shipped,
    quantile_cont(business_hours, 0.5) AS usual_hours,
    quantile_cont(business_hours, 0.9) AS slow_hours
FROM time_to_ship
GROUP BY location_id, delivery_method
HAVING count(*) >= (SELECT norm_sample FROM asked);

-- When money is taken: at checkout (a sale), when the parcel leaves, or by hand in between.
CREATE TABLE capture AS
SELECT
    t.order_id,
    CASE
        WHEN t.kind = 'SALE' THEN 'at_checkout'
        WHEN bool_or(abs(hours_between(t.processed_at, s.created_at)) <= 5 / 60.0)
            THEN 'on_fulfillment'
        ELSE 'by_hand'
    END AS capture_mode,
    min(t.gateway) AS gateway
FROM transactions t
LEFT JOIN fulfillments s ON s.order_id = t.order_id
WHERE t.status = 'SUCCESS' AND t.kind IN ('SALE', 'CAPTURE') AND NOT coalesce(t.is_manual, false)
GROUP BY t.order_id, t.kind, t.processed_at;

CREATE TABLE capture_habits AS
SELECT
    gateway,
    capture_mode,
    count(*) AS orders,
    sum(count(*)) OVER (PARTITION BY gateway)::BIGINT AS sample
FROM capture
GROUP BY gateway, capture_mode;

CREATE TABLE capture_norms AS
SELECT gateway, capture_mode, sample
FROM capture_habits
WHERE orders >= 0.8 * sample AND sample >= (SELECT norm_sample FROM asked);

-- Requests to services: sent within two minutes of the payment is what a setting does, not a hand.
CREATE TABLE request_norms AS
SELECT
    location,
    count(*) AS sample,
    count(*) FILTER (hours <= 2 / 60.0) AS automatic,
    quantile_cont(hours, 0.5) AS usual_hours,
    quantile_cont(hours, 0.95) AS slow_hours
FROM (
    SELECT
        f.location,
        hours_between(
            greatest(coalesce(p.first_paid_at, o.processed_at), f.created_at), min(r.sent_at)
        ) AS hours
    FROM fulfillment_orders f
    JOIN orders o USING (order_id)
    JOIN merchant_requests r USING (fulfillment_order_id)
    LEFT JOIN payment_facts p USING (order_id)
    WHERE r.kind = 'FULFILLMENT_REQUEST'
    GROUP BY f.fulfillment_order_id, f.location, p.first_paid_at, o.processed_at, f.created_at
)
GROUP BY location;

-- How soon services answer a request: the first word of an app in the timeline after it.
CREATE TABLE answer_norms AS
SELECT
    location,
    count(*) AS requests,
    count(hours) AS sample,
    quantile_cont(hours, 0.5) AS usual_hours,
    quantile_cont(hours, 0.95) AS slow_hours,
    max(hours) AS slowest_hours
FROM (
    SELECT f.location, hours_between(r.sent_at, min(e.created_at)) AS hours
    FROM merchant_requests r
    JOIN fulfillment_orders f USING (fulfillment_order_id)
    LEFT JOIN events e ON e.order_id = f.order_id AND e.by_app AND e.created_at >= r.sent_at
        AND e.action IN (
            'fulfillment_request_accepted', 'fulfillment_request_rejected', 'fulfillment_success'
        )
    WHERE r.kind = 'FULFILLMENT_REQUEST'
    GROUP BY r.request_id, f.location, r.sent_at
)
GROUP BY location;

-- Counter sales: fulfilled within a minute is what the point of sale does when it is told to.
CREATE TABLE pos_norms AS
SELECT
    store,
    count(*) AS sample,
    count(*) FILTER (at_once) AS at_once,
    count(*) FILTER (fulfillment_status <> 'FULFILLED') AS still_open
FROM (
    SELECT
        coalesce(o.retail_location, 'no store') AS store,
        o.fulfillment_status,
        coalesce(hours_between(o.processed_at, s.first_shipped_at) <= 1 / 60.0, false) AS at_once
    FROM orders o
    LEFT JOIN shipment_facts s USING (order_id)
    WHERE o.source_name = 'pos' AND o.cancelled_at IS NULL
)
GROUP BY store;

-- Who writes the parcels of a vendor's goods at a place: the app that the timeline names at the
-- moment the parcel was made. Most of them by one app is a habit.
CREATE TABLE shipped_by AS
SELECT DISTINCT ON (s.fulfillment_id)
    f.location_id,
    v.vendor,
    s.created_at,
    o.processed_at,
    business_clock(s.created_at) AS shipped,
    business_clock(s.created_at) - business_clock(actionable(
        o.processed_at, o.is_edited, p.first_paid_at, p.last_paid_at, f.fulfill_at, s.created_at
    )) AS business_hours,
    e.app
FROM fulfillments s
JOIN orders o USING (order_id)
LEFT JOIN payment_facts p ON p.order_id = s.order_id
JOIN fulfillment_orders f ON f.order_id = s.order_id AND f.location_id = s.location_id
    AND f.status = 'CLOSED' AND NOT coalesce(f.at_service, false)
JOIN (
    SELECT fulfillment_order_id, any_value(vendor) AS vendor
    FROM fulfillment_order_lines GROUP BY fulfillment_order_id HAVING count(DISTINCT vendor) = 1
) v ON v.fulfillment_order_id = f.fulfillment_order_id
LEFT JOIN events e ON e.order_id = s.order_id AND e.action = 'fulfillment_success'
    AND abs(hours_between(e.created_at, s.created_at)) <= 5 / 60.0
WHERE s.status = 'SUCCESS' AND o.source_name <> 'pos'
ORDER BY s.fulfillment_id, abs(hours_between(e.created_at, s.created_at)), f.fulfillment_order_id, e.event_id;

CREATE TABLE app_norms AS
SELECT
    location_id,
    vendor,
    app,
    count(*) AS sample,
    quantile_cont(business_hours, 0.5) AS usual_hours,
    quantile_cont(business_hours, 0.95) AS slow_hours,
    max(shipped) AS last_shipped,
    greatest(3 * quantile_cont(pause, 0.99), 24) AS silent_limit_hours,
    list(processed_at) AS shipped_orders_placed_at
FROM (
    SELECT *, shipped - lag(shipped) OVER (PARTITION BY location_id, vendor, app ORDER BY shipped)
        AS pause,
        count(*) OVER (PARTITION BY location_id, vendor) AS all_apps
    FROM shipped_by
)
WHERE app IS NOT NULL
GROUP BY location_id, vendor, app
HAVING count(*) >= (SELECT norm_sample FROM asked) AND count(*) >= 0.8 * any_value(all_apps);

-- Whether Shopify fulfills by itself: within two minutes of the payment, without tracking, by
-- nobody. Judged by what was sold, because the setting may cover gift cards alone.
CREATE TABLE automation_norms AS
SELECT
    kind,
    count(*) AS sample,
    count(*) FILTER (automatic) AS automatic,
    CASE
        WHEN count(*) < (SELECT norm_sample FROM asked) THEN NULL
        WHEN count(*) FILTER (automatic) >= 0.8 * count(*) THEN 'on'
        ELSE 'off'
    END AS auto_fulfill
FROM (
    SELECT
        k.kind,
        hours_between(coalesce(p.first_paid_at, o.processed_at), min(s.created_at)) <= 2 / 60.0
            AND bool_and(s.tracking_number IS NULL)
            AND NOT bool_or(coalesce(e.by_user, false) OR e.app IS NOT NULL) AS automatic
    FROM orders o
    JOIN order_kinds k USING (order_id)
    JOIN fulfillments s ON s.order_id = o.order_id AND s.status = 'SUCCESS'
    JOIN events e ON e.order_id = o.order_id AND e.action = 'fulfillment_success'
        AND abs(hours_between(e.created_at, s.created_at)) <= 5 / 60.0
    LEFT JOIN payment_facts p ON p.order_id = o.order_id
    WHERE o.source_name <> 'pos' AND NOT coalesce(o.has_high_risk, false)
    GROUP BY o.order_id, k.kind, p.first_paid_at, o.processed_at
)
GROUP BY kind;

-- How long a service pauses between two parcels, in business hours.
CREATE TABLE pause_norms AS
SELECT
    location_id,
    greatest(3 * quantile_cont(pause, 0.99), 24) AS silent_limit_hours,
    count(*) AS pause_sample,
    max(shipped) AS last_shipped
FROM (
    SELECT
        location_id,
        shipped,
        shipped - lag(shipped) OVER (PARTITION BY location_id ORDER BY shipped) AS pause
    FROM (
        SELECT location_id, business_clock(created_at) AS shipped
        FROM fulfillments
        WHERE status = 'SUCCESS'
    )
)
WHERE pause IS NOT NULL
GROUP BY location_id
HAVING count(*) >= (SELECT norm_sample FROM asked);

CREATE TABLE queues AS
SELECT location_id, count(*) AS queue
FROM fulfillment_orders
WHERE request_status IN ('SUBMITTED', 'ACCEPTED') AND status IN ('OPEN', 'IN_PROGRESS')
GROUP BY location_id;

-- Stores are where counter sales were made; this is how often they ship for the online shop.
CREATE TABLE store_norms AS
WITH online AS (
    SELECT s.location_id, count(*) AS parcels
    FROM fulfillments s JOIN orders o USING (order_id)
    WHERE o.source_name <> 'pos' AND s.status = 'SUCCESS' AND s.tracking_number IS NOT NULL
    GROUP BY s.location_id
)
SELECT
    l.location_id,
    l.location_id IN (SELECT retail_location_id FROM orders WHERE retail_location_id IS NOT NULL)
        AS at_store,
    CASE
        WHEN (SELECT sum(parcels) FROM online) >= (SELECT norm_sample FROM asked)
            THEN round(100 * coalesce(online.parcels, 0) / (SELECT sum(parcels) FROM online), 1)
    END AS online_share_percent,
    (SELECT sum(parcels) FROM online)::BIGINT AS online_sample
FROM locations l LEFT JOIN online USING (location_id);
