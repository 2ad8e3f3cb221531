-- The same staged tables as from raw answers, made of an order export (exports/orders.py).
-- Every order with units left gets one fulfillment order that is not a real one: its id says so.
-- It stands for what Shopify has and an export does not show; 8_unknown.sql takes back what must
-- not be believed of it.

CREATE TABLE export_order AS FROM read_parquet(getvariable('export_orders'));
CREATE TABLE export_line AS FROM read_parquet(getvariable('export_lines'));
CREATE TABLE export_column AS FROM read_parquet(getvariable('export_columns'));

CREATE MACRO has_column(wanted) AS wanted IN (SELECT name FROM export_column);

-- A line that was shipped in part says no more than that; nor does a partly fulfilled order
-- whose export has no line statuses. How many units are left is then unknown.
CREATE TABLE export_item AS
SELECT
    line.*,
    coalesce(regexp_matches(
        title,
        '(?i)gift ?card|presentkort|gavekort|geschenkgutschein|geschenkkarte|carte[- ]cadeau'
        || '|cadeaubon|lahjakortti|tarjeta (de )?regalo|buono regalo|carta regalo|ギフト'
    ) AND NOT requires_shipping, false) AS is_gift_card,
    CASE
        WHEN o.cancelled_at IS NOT NULL OR o.fulfillment_status IN ('FULFILLED', 'RESTOCKED') THEN 0
        WHEN line_status IN ('fulfilled', 'not_eligible', 'restocked') THEN 0
        WHEN line_status IN ('pending', 'unfulfilled') THEN line.quantity
        WHEN line_status IS NULL AND o.fulfillment_status = 'UNFULFILLED' THEN line.quantity
    END AS units_left
FROM export_line line
JOIN export_order o USING (order_name);

CREATE TABLE export_rest AS
SELECT
    order_name,
    bool_or(units_left > 0 OR units_left IS NULL) AS is_left,
    count(units_left) = count(*) AS is_counted,
    bool_or(requires_shipping AND coalesce(units_left > 0, true)) AS needs_shipping
FROM export_item
GROUP BY order_name;

CREATE MACRO says(t, pattern) AS coalesce(regexp_matches(strip_accents(lower(t)), pattern), false);

-- Pickups carry the place as their shipping method and no shipping address.
CREATE TABLE export_delivery AS
SELECT
    order_name,
    'gid://shopify/Order/' || order_number AS known_id,
    coalesce('gid://shopify/Order/' || order_number, 'export/order/' || order_name) AS order_id,
    'export/' || order_name AS fulfillment_order_id,
    CASE
        WHEN source_name IS NOT NULL THEN source_name
        WHEN NOT has_column('source_name') AND location IS NOT NULL THEN 'pos'
    END AS source_name,
    CASE
        WHEN NOT has_column('shipping_method') THEN NULL
        WHEN says(shipping_method, 'pick ?up|hamta|upphamt|abhol|afhent|hent i|nouto|retrait|ritiro'
            || '|recogida|click ?(and|&) ?collect|in[- ]?store|ophalen') THEN 'PICK_UP'
        WHEN says(shipping_method, 'local delivery|hemleverans lokal|lokal leverans|lokale lieferung'
            || '|livraison locale|\bbud\b|courier in town') THEN 'LOCAL'
        -- A parcel shop is a way of shipping or of collecting; the name does not say which.
        WHEN says(shipping_method, 'ombud|pickup point|paketshop|parcel ?shop|service ?point'
            || '|point relais|locker|paketautomat|packstation') THEN NULL
        WHEN shipping_method IS NULL AND location IS NOT NULL THEN 'RETAIL'
        WHEN shipping_method IS NULL AND NOT needs_shipping THEN 'NONE'
        WHEN shipping_method IS NOT NULL AND needs_shipping AND country IS NULL
            AND has_column('country') THEN 'PICK_UP'
        ELSE 'SHIPPING'
    END AS delivery_method
FROM export_order
LEFT JOIN export_rest USING (order_name);

CREATE TABLE shop AS
SELECT
    {
        'name': getvariable('export_shop_name'),
        'ianaTimezone': getvariable('export_time_zone'),
        'currencyCode': (SELECT mode(currency ORDER BY currency) FROM export_order)
    }::shop_node AS shop,
    NULL::VARCHAR[] AS scopes;

CREATE MACRO money_of(amount, currency) AS {
    'shopMoney': {'amount': amount, 'currencyCode': currency}
};

CREATE TABLE staged_order AS
SELECT {
    'id': d.order_id,
    'legacyResourceId': o.order_number,
    'name': o.order_name,
    'createdAt': o.created_at,
    -- Shopify's own test payments are those of its Bogus Gateway.
    'test': CASE WHEN list_any_value(list_filter(o.gateways, lambda g: g ILIKE '%bogus%')) IS NOT NULL
        THEN true END,
    'cancelledAt': o.cancelled_at,
    'tags': coalesce(o.tags, CASE WHEN has_column('tags') THEN []::VARCHAR[] END),
    'sourceName': d.source_name,
    'displayFinancialStatus': o.financial_status,
    'displayFulfillmentStatus': o.fulfillment_status,
    'fulfillable': o.cancelled_at IS NULL AND CASE WHEN r.is_counted THEN r.is_left END,
    'requiresShipping': r.needs_shipping,
    'unpaid': o.financial_status IN ('PENDING', 'AUTHORIZED', 'VOIDED', 'EXPIRED'),
    'fullyPaid': coalesce(
        o.outstanding = 0 AND o.financial_status NOT IN ('VOIDED', 'EXPIRED'),
        o.financial_status IN ('PAID', 'PARTIALLY_REFUNDED', 'REFUNDED')
    ),
    'capturable': o.financial_status = 'AUTHORIZED',
    'paymentGatewayNames': coalesce(o.gateways, CASE WHEN has_column('gateways') THEN []::VARCHAR[] END),
    'currencyCode': o.currency,
    'currentTotalPriceSet': money_of(o.total - coalesce(o.refunded, 0), o.currency),
    'totalOutstandingSet': money_of(o.outstanding, o.currency),
    'totalRefundedSet': money_of(o.refunded, o.currency),
    'risk': CASE WHEN o.risk_level IS NOT NULL THEN {
        'recommendation': CASE o.risk_level
            WHEN 'LOW' THEN 'ACCEPT' WHEN 'MEDIUM' THEN 'INVESTIGATE' WHEN 'HIGH' THEN 'CANCEL'
        END,
        'assessments': [{'riskLevel': o.risk_level}]
    } END,
    'shippingAddress': CASE WHEN o.country IS NOT NULL THEN {'countryCodeV2': o.country} END,
    'shippingLine': CASE WHEN o.shipping_method IS NOT NULL THEN {'title': o.shipping_method} END,
    'retailLocation': CASE WHEN o.location IS NOT NULL THEN {'name': o.location} END,
    -- Captured later than at checkout is not a sale; so the shop's way of capturing shows.
    'transactions': [{
        'kind': CASE
            WHEN o.financial_status = 'AUTHORIZED' THEN 'AUTHORIZATION'
            WHEN o.paid_at IS NULL THEN NULL
            WHEN o.paid_at <= o.created_at + INTERVAL 5 MINUTE THEN 'SALE'
            ELSE 'CAPTURE'
        END,
        'status': CASE
            WHEN o.financial_status = 'AUTHORIZED' OR o.paid_at IS NOT NULL THEN 'SUCCESS'
        END,
        'gateway': o.gateways[-1],
        'processedAt': coalesce(o.paid_at, o.created_at)
    }],
    'fulfillments': CASE
        WHEN o.fulfillment_status IN ('FULFILLED', 'PARTIALLY_FULFILLED')
            THEN [{'status': 'SUCCESS', 'createdAt': o.fulfilled_at}]
    END
}::order_node AS o
FROM export_order o
JOIN export_delivery d USING (order_name)
LEFT JOIN export_rest r USING (order_name);

CREATE TABLE staged_line AS
SELECT
    d.order_id,
    {
        'id': 'export/line/' || i.order_name || '/' || i.row_no,
        'title': i.title,
        'sku': i.sku,
        'vendor': i.vendor,
        'quantity': i.quantity,
        'unfulfilledQuantity': i.units_left,
        'nonFulfillableQuantity': CASE
            WHEN i.line_status IN ('not_eligible', 'restocked') THEN i.quantity
            WHEN o.cancelled_at IS NOT NULL AND i.line_status <> 'fulfilled' THEN i.quantity
            ELSE 0
        END,
        'requiresShipping': i.requires_shipping,
        'isGiftCard': i.is_gift_card,
        'customAttributes': CASE WHEN has_column('day_words') THEN [{'key': o.day_words}] END,
        'unfulfilledDiscountedTotalSet': money_of(
            (i.price * i.quantity - coalesce(i.discount, 0)) * i.units_left / nullif(i.quantity, 0),
            o.currency
        )
    }::line_node AS l
FROM export_item i
JOIN export_order o USING (order_name)
JOIN export_delivery d USING (order_name);

CREATE TABLE staged_fulfillment_order AS
SELECT
    d.order_id,
    {
        'id': d.fulfillment_order_id,
        'status': 'OPEN',
        'deliveryMethod': {'methodType': d.delivery_method},
        'assignedLocation': {'name': o.location}
    }::fulfillment_order_node AS f
FROM export_order o
JOIN export_delivery d USING (order_name)
JOIN export_rest r USING (order_name)
WHERE r.is_left AND o.cancelled_at IS NULL
    AND coalesce(o.fulfillment_status, '') NOT IN ('FULFILLED', 'RESTOCKED');

-- A line of which it is unknown how much is left waits with at least one unit.
CREATE TABLE staged_fulfillment_order_line AS
SELECT
    d.fulfillment_order_id,
    {
        'id': 'export/waiting/' || i.order_name || '/' || i.row_no,
        'lineItem': {'id': 'export/line/' || i.order_name || '/' || i.row_no},
        'totalQuantity': i.quantity,
        'remainingQuantity': coalesce(i.units_left, 1),
        'requiresShipping': i.requires_shipping,
        'sku': i.sku,
        'vendor': i.vendor
    }::fulfillment_order_line_node AS l
FROM export_item i
JOIN export_delivery d USING (order_name)
WHERE coalesce(i.units_left, 1) > 0;

CREATE TABLE staged_extra AS
SELECT {
    'id': d.order_id,
    'paymentTerms': {
        'paymentTermsName': o.terms_name,
        'paymentTermsType': CASE
            WHEN o.terms_name ILIKE '%fulfil%' THEN 'FULFILLMENT'
            WHEN o.terms_name ILIKE '%receipt%' THEN 'RECEIPT'
            WHEN o.terms_name ILIKE 'net%' THEN 'NET'
            ELSE 'FIXED'
        END,
        'overdue': o.due_at < getvariable('export_as_of')::TIMESTAMPTZ
    }
}::order_node AS o
FROM export_order o
JOIN export_delivery d USING (order_name)
WHERE o.terms_name IS NOT NULL;

-- What no export shows.
CREATE TABLE staged_merchant_request (fulfillment_order_id VARCHAR, r merchant_request_node);
CREATE TABLE staged_event (order_id VARCHAR, e event_node);
CREATE TABLE staged_location (l location_node);
CREATE TABLE older_order AS FROM glanced_order;  -- an export is read whole
CREATE TABLE staged_inventory_item (i inventory_item_node);
