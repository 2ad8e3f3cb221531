-- One row per open fulfillment order, and one per order that Shopify does not call fulfilled but
-- for which no open fulfillment order is to be seen. Column meanings: schema.py.

CREATE TABLE open_fulfillment_order AS
SELECT f.*
FROM fulfillment_orders f
WHERE f.status NOT IN ('CLOSED', 'CANCELLED')
    AND (
        f.fulfillment_order_id IN (SELECT fulfillment_order_id FROM line_facts)
        OR f.fulfillment_order_id NOT IN (SELECT fulfillment_order_id FROM fulfillment_order_lines)
    );

CREATE TABLE backlog_row AS
SELECT fulfillment_order_id, order_id FROM open_fulfillment_order
UNION ALL
SELECT NULL, order_id
FROM orders
WHERE coalesce(fulfillment_status, '') NOT IN ('FULFILLED', 'RESTOCKED')
    AND order_id NOT IN (SELECT order_id FROM open_fulfillment_order);

-- A day that a tag names (pickup-2026-12-12), at midnight of the shop's time zone.
-- Other days in tags (a batch, a warranty) are no dates to wait for.
CREATE TABLE named_days AS
SELECT
    order_id,
    try_cast(regexp_extract(
        lower(array_to_string(tags, ' ')),
        '\b(?:pick-?up|collect|deliver|delivery|ship|shipping|book|booking|event|date|visit|install'
        '|pre-?order|release|available|hämt\w*|lever\w*|bokad|datum|abhol\w*|liefer\w*)[-_: ]*'
        '(\d{4}-\d{2}-\d{2})', 1
    ) AS TIMESTAMP) AT TIME ZONE asked.time_zone AS named_day
FROM orders, asked;

-- The clock starts when the fulfillment order became actionable, not when it was made: moves and
-- splits make new ones.
CREATE TABLE clock AS
WITH actionable AS (
    SELECT
        r.order_id,
        r.fulfillment_order_id,
        actionable(
            o.processed_at, o.is_edited,
            CASE WHEN o.fully_paid THEN p.first_paid_at END,
            CASE WHEN o.fully_paid THEN p.last_paid_at END,
            f.fulfill_at, asked.as_of
        ) AS actionable_at
    FROM backlog_row r
    CROSS JOIN asked
    JOIN orders o USING (order_id)
    LEFT JOIN open_fulfillment_order f USING (fulfillment_order_id)
    LEFT JOIN payment_facts p ON p.order_id = r.order_id
)
SELECT *, from_cutoff(actionable_at) AS counted_from FROM actionable;

CREATE TABLE backlog AS
WITH hours AS (
    SELECT
        c.*,
        f.location,
        f.location_id,
        f.delivery_method,
        hours_between(c.actionable_at, asked.as_of) AS age_hours,
        CASE
            WHEN c.counted_from > asked.as_of THEN 0
            ELSE now_clock - business_clock(c.counted_from)
        END AS business_age_hours,
        now_clock - business_clock(f.updated_at) AS idle_business_hours,
        hours_between(asked.as_of, f.fulfill_at) AS hours_to_schedule,
        hours_between(asked.as_of, f.fulfill_by) AS hours_to_deadline,
        hours_between(q.requested_at, asked.as_of) AS request_hours,
        now_clock - business_clock(q.requested_at) AS request_business_hours,
        hours_between(q.cancellation_requested_at, asked.as_of) AS cancellation_hours,
        now_clock - u.last_shipped AS silent_hours
    FROM clock c
    CROSS JOIN (SELECT *, business_clock(as_of) AS now_clock FROM asked) asked
    LEFT JOIN open_fulfillment_order f USING (fulfillment_order_id)
    LEFT JOIN request_facts q USING (fulfillment_order_id)
    LEFT JOIN pause_norms u ON u.location_id = f.location_id
), timed AS (
    SELECT
        hours.* EXCLUDE (location, location_id, delivery_method),
        coalesce(
            asked.sla_by_place[hours.location],
            asked.sla_by_place[hours.delivery_method],
            -- greatest() looks past a missing value, so it may not see one.
            CASE WHEN n.slow_hours IS NOT NULL THEN greatest(n.slow_hours, asked.sla_floor_hours) END,
            asked.sla_business_hours
        ) AS sla_hours,
        CASE
            WHEN asked.sla_by_place[hours.location] IS NOT NULL
                OR asked.sla_by_place[hours.delivery_method] IS NOT NULL THEN 'settings'
            WHEN n.slow_hours IS NOT NULL THEN 'history'
            ELSE 'default'
        END AS sla_source,
        n.usual_hours,
        n.slow_hours,
        n.shipped AS norm_sample
    FROM hours
    CROSS JOIN asked
    LEFT JOIN location_norms n
        ON n.location_id = hours.location_id AND n.delivery_method = hours.delivery_method
), visible AS (
    SELECT
        list_contains(scopes, 'read_merchant_managed_fulfillment_orders') AS sees_own_fulfillment_orders,
        list_contains(scopes, 'read_third_party_fulfillment_orders') AS sees_service_fulfillment_orders,
        list_contains(scopes, 'read_marketplace_fulfillment_orders')
            AS sees_marketplace_fulfillment_orders,
        list_contains(scopes, 'read_products') AS sees_products,
        list_contains(scopes, 'read_payment_terms') AS sees_payment_terms,
        list_contains(scopes, 'read_locations') AS sees_locations,
        list_transform(shop.fulfillmentServices, lambda s: s.location.id) AS service_locations,
        split_part(shop.myshopifyDomain, '.', 1) AS handle
    FROM shop
)
SELECT
    coalesce(r.fulfillment_order_id, r.order_id) AS row_id,
    r.order_id,
    o.order_name,
    r.fulfillment_order_id,
    'https://admin.shopify.com/store/' || visible.handle || '/orders/'
        || coalesce(o.order_number, split_part(r.order_id, '/', 5)) AS admin_url,
    count(*) OVER (PARTITION BY r.order_id) AS rows_of_order,
    false AS from_export,

    o.created_at,
    o.processed_at,
    h.actionable_at,
    h.age_hours,
    h.business_age_hours,
    h.sla_hours,
    h.sla_source,
    asked.closes_at - asked.opens_at AS business_day_hours,
    h.business_age_hours - h.sla_hours AS hours_late,
    h.request_hours - asked.service_answer_hours AS answer_hours_late,
    h.request_business_hours - h.sla_hours AS service_hours_late,
    h.cancellation_hours - asked.service_answer_hours AS cancellation_hours_late,
    h.age_hours - asked.request_grace_hours AS unrequested_hours_late,
    h.age_hours - asked.digital_grace_hours AS digital_hours_late,
    hours_between(o.created_at, asked.as_of) - asked.routing_grace_minutes / 60 AS routing_hours_late,
    -h.hours_to_schedule - asked.schedule_grace_hours AS schedule_hours_late,
    h.age_hours - asked.risk_pending_hours AS risk_hours_late,
    h.age_hours - asked.upsell_hours AS upsell_hours_late,
    h.idle_business_hours - h.sla_hours AS idle_hours_late,
    h.hours_to_deadline,
    h.usual_hours,
    h.slow_hours,
    h.norm_sample,

    o.cancelled_at IS NOT NULL AS is_cancelled,
    o.cancelled_at,
    o.cancel_reason,
    o.is_archived,
    o.closed_at,
    o.is_test,
    o.is_edited,
    array_to_string(o.tags, ', ') AS tags,
    o.source_name,
    o.source_name = 'pos' AS is_pos,
    o.app,
    o.retail_location,
    o.fulfillment_status,
    o.fulfillable,
    o.return_status,
    o.alerts,
    o.country,
    -- Shopify gives no verdict on many addresses; only where it gives none at all is it unknown.
    CASE
        WHEN bool_or(o.address_validation IS NOT NULL) OVER ()
            THEN coalesce(o.address_validation, 'NOT_VALIDATED')
    END AS address_validation,
    -- No order of the shop with an address means that addresses were not asked for.
    CASE WHEN bool_or(o.has_address) OVER () THEN o.has_address END AS has_address,
    CASE WHEN bool_or(o.has_shipping_line) OVER () THEN o.has_shipping_line END AS has_shipping_method,
    o.shipping_method,

    o.financial_status,
    o.fully_paid,
    o.unpaid,
    o.capturable,
    o.currency,
    o.total,
    o.outstanding,
    o.refunded,
    coalesce(x.refunded_at, p.refunded_at) AS refunded_at,
    p.last.gateway AS gateway,
    coalesce(p.is_manual_gateway, false) AS is_manual_gateway,
    regexp_matches(
        lower(array_to_string(o.gateways, ' ')),
        'cash on delivery|\bcod\b|efterkrav|postförskott|nachnahme|contre|contrassegno|reembolso|rembours'
    ) AS is_cash_on_delivery,
    CASE
        WHEN x.terms_type IS NOT NULL THEN true
        WHEN visible.sees_payment_terms AND x.order_id IS NOT NULL THEN false
        -- Businesses mostly buy on terms, but not always, and this one's cannot be seen.
        WHEN o.purchasing_entity = 'PurchasingCompany' THEN NULL
        ELSE false
    END AS on_payment_terms,
    coalesce(x.terms_name, 'payment terms') AS terms_name,
    x.terms_type,
    x.terms_overdue,
    p.last.kind AS last_transaction,
    p.last.status AS last_transaction_status,
    p.last.error_code AS last_error,
    p.authorized_at,
    coalesce(
        hours_between(asked.as_of, p.authorization_ends_at),
        asked.authorization_days * 24 - hours_between(p.authorized_at, asked.as_of)
    ) AS authorization_hours_left,
    authorization_hours_left < asked.authorization_warning_days * 24 AS authorization_ends_soon,
    k.capture_mode,
    k.sample AS capture_sample,
    o.risk_recommendation,
    o.has_high_risk,
    o.is_risk_pending,
    o.risk_providers,
    len(o.open_disputes) > 0 AS has_open_dispute,
    o.open_disputes[1].initiatedAs AS dispute_kind,
    o.open_disputes[1].status AS dispute_status,

    coalesce(s.shipments, 0) AS shipments,
    s.last_shipped_at,
    list_contains(s.shipped_from, f.location_id) AS shipped_from_here,
    coalesce(f.created_at > s.first_shipped_at, false)
        OR coalesce(f.created_at > min(q.requested_at) OVER (PARTITION BY r.order_id), false)
        AS routed_after_shipment,
    CASE
        WHEN i.undone_at IS NOT NULL THEN true
        -- A shipment that was undone at a place unknown may have been this one's.
        WHEN r.order_id IN (SELECT order_id FROM undone_facts WHERE location_id IS NULL) THEN NULL
        ELSE false
    END AS is_undone,
    i.last.status AS undone_status,
    i.last.fulfillment AS undone_fulfillment,
    i.undone_at,
    s.ready_for_pickup_at,

    f.status,
    f.request_status,
    f.status = 'OPEN' AND f.request_status IN ('UNSUBMITTED', 'REJECTED') AS request_open,
    f.created_at AS routed_at,
    f.updated_at AS touched_at,
    h.idle_business_hours,
    f.fulfill_at,
    h.hours_to_schedule,
    f.fulfill_by,
    f.delivery_method,
    f.promised_by,
    f.location,
    f.at_service,
    CASE WHEN visible.sees_locations AND f.status IS NOT NULL THEN f.location_id IS NOT NULL END
        AS location_exists,
    f.location_is_active,
    f.location_sells_online,
    e.at_store,
    e.online_share_percent,
    e.online_sample,
    CASE WHEN f.at_service THEN list_contains(visible.service_locations, f.location_id) END
        AS service_installed,
    l.has_callback AS service_has_callback,
    array_to_string(list_sort(f.supported_actions), ', ') AS supported_actions,
    list_contains(f.supported_actions, 'CREATE_FULFILLMENT') AS can_fulfill,
    q.requested_at,
    h.request_hours,
    h.request_business_hours,
    h.silent_hours,
    u.silent_limit_hours,
    u.pause_sample,
    v.queue,
    q.cancellation_requested_at,
    h.cancellation_hours,
    array_to_string(d.hold_reasons, ', ') AS hold_reasons,
    d.hold_text,
    d.held_by_app,
    d.hold_notes,

    w.units_left,
    w.lines_left,
    w.needs_shipping,
    w.all_gift_cards,
    w.names_a_day OR y.named_day IS NOT NULL AS names_a_day,
    y.named_day AS named_day,
    hours_between(asked.as_of, y.named_day + INTERVAL 1 DAY) AS named_day_hours,
    w.shipped_before_here,
    w.lines_without_sku,
    CASE WHEN visible.sees_products THEN w.lines_without_variant END AS lines_without_variant,
    t.lines_with_shared_sku,
    w.items,
    w.vendors,
    w.selling_plan,
    w.digital_words,
    t.is_weightless,
    CASE WHEN seen.timelines THEN a.app IS NOT NULL END AS has_habitual_app,
    a.app AS habitual_app,
    a.sample AS app_sample,
    a.usual_hours AS app_usual_hours,
    h.business_age_hours - a.slow_hours AS app_hours_late,
    len(list_filter(a.shipped_orders_placed_at, lambda placed: placed > o.processed_at))
        AS younger_shipped,
    business_clock(asked.as_of) - a.last_shipped AS app_silent_hours,
    a.silent_limit_hours AS app_silent_limit_hours,
    count(*) FILTER (a.app IS NOT NULL AND f.status = 'OPEN')
        OVER (PARTITION BY f.location_id, a.app) AS app_queue,
    z.auto_fulfill,
    z.automatic AS auto_fulfilled,
    z.sample AS auto_sample,
    w.instant_shipments,
    w.instant_sample,
    w.warnings,
    w.value,
    t.units_short,
    t.units_on_hand,
    t.units_incoming,
    t.stocked_here,
    t.stocked_elsewhere,

    CASE WHEN getvariable('shipments') IS NOT NULL THEN coalesce(supplied.units, 0) END
        AS supplier_shipped_units,
    supplied.tracking_number AS supplier_tracking,
    supplied.carrier AS supplier_carrier,
    supplied.shipped_at AS supplier_shipped_at,
    floor(hours_between(supplied.shipped_at, asked.as_of) / 24)::BIGINT AS supplier_days_since,

    visible.sees_own_fulfillment_orders,
    visible.sees_service_fulfillment_orders,
    visible.sees_marketplace_fulfillment_orders
FROM backlog_row r
CROSS JOIN asked
CROSS JOIN visible
JOIN orders o USING (order_id)
JOIN timed h
    ON h.order_id = r.order_id AND h.fulfillment_order_id IS NOT DISTINCT FROM r.fulfillment_order_id
LEFT JOIN open_fulfillment_order f ON f.fulfillment_order_id = r.fulfillment_order_id
LEFT JOIN locations l ON l.location_id = f.location_id
LEFT JOIN pause_norms u ON u.location_id = f.location_id
LEFT JOIN queues v ON v.location_id = f.location_id
LEFT JOIN store_norms e ON e.location_id = f.location_id
LEFT JOIN line_facts w ON w.fulfillment_order_id = r.fulfillment_order_id
CROSS JOIN (SELECT count(*) > 0 AS timelines FROM events) seen
LEFT JOIN app_norms a ON a.location_id = f.location_id AND a.vendor = w.vendors
LEFT JOIN order_kinds j ON j.order_id = r.order_id
LEFT JOIN automation_norms z ON z.kind = j.kind
LEFT JOIN payment_facts p ON p.order_id = r.order_id
LEFT JOIN capture_norms k ON k.gateway = p.last.gateway
LEFT JOIN shipment_facts s ON s.order_id = r.order_id
LEFT JOIN undone_facts i ON i.order_id = r.order_id AND i.location_id = f.location_id
LEFT JOIN request_facts q ON q.fulfillment_order_id = r.fulfillment_order_id
LEFT JOIN hold_facts d ON d.fulfillment_order_id = r.fulfillment_order_id
LEFT JOIN stock_facts t ON t.fulfillment_order_id = r.fulfillment_order_id
LEFT JOIN order_extras x ON x.order_id = r.order_id
LEFT JOIN named_days y ON y.order_id = r.order_id
LEFT JOIN supplier_facts supplied
    ON supplied.order_id = r.order_id
    AND supplied.fulfillment_order_id IS NOT DISTINCT FROM r.fulfillment_order_id
ORDER BY o.processed_at, row_id;
