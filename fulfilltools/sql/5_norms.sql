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
