-- What the shop's own history says. A norm with too few examples is no norm: NULL, unknown.

-- From actionable (or requested, at a service) to the first parcel from that place.
CREATE TABLE time_to_ship AS
SELECT
    f.location_id,
    any_value(f.location) AS location,
    business_clock(min(s.created_at)) - business_clock(
        greatest(coalesce(any_value(r.requested_at), any_value(o.processed_at)), any_value(o.processed_at))
    ) AS business_hours
FROM fulfillment_orders f
JOIN orders o USING (order_id)
JOIN fulfillments s ON s.order_id = f.order_id AND s.location_id = f.location_id AND s.status = 'SUCCESS'
LEFT JOIN request_facts r USING (fulfillment_order_id)
WHERE f.status = 'CLOSED' AND o.cancelled_at IS NULL
GROUP BY f.fulfillment_order_id, f.location_id;

CREATE TABLE location_norms AS
SELECT
    location_id,
    any_value(location) AS location,
    count(*) AS shipped,
    quantile_cont(business_hours, 0.5) AS usual_hours,
    quantile_cont(business_hours, 0.9) AS slow_hours
FROM time_to_ship
GROUP BY location_id
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
    any_value(t.gateway) AS gateway
FROM transactions t
LEFT JOIN fulfillments s ON s.order_id = t.order_id
WHERE t.status = 'SUCCESS' AND t.kind IN ('SALE', 'CAPTURE') AND NOT coalesce(t.is_manual, false)
GROUP BY t.order_id, t.kind, t.processed_at;

CREATE TABLE capture_norms AS
SELECT gateway, capture_mode, sample
FROM (
    SELECT
        gateway,
        capture_mode,
        count(*) AS same,
        sum(count(*)) OVER (PARTITION BY gateway) AS sample
    FROM capture
    GROUP BY gateway, capture_mode
)
WHERE same >= 0.8 * sample AND sample >= (SELECT norm_sample FROM asked);

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
    l.location IN (SELECT retail_location FROM orders WHERE retail_location IS NOT NULL) AS at_store,
    round(100 * coalesce(online.parcels, 0) / nullif((SELECT sum(parcels) FROM online), 0), 1)
        AS online_share_percent,
    (SELECT sum(parcels) FROM online)::BIGINT AS online_sample
FROM locations l LEFT JOIN online USING (location_id);
