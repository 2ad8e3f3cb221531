-- The tidy tables: one row per thing, snake_case, moments end in _at, Shopify's enums as sent.

CREATE TABLE locations AS
SELECT DISTINCT ON (l.id)
    l.id AS location_id,
    l.name AS location,
    l.isActive AS is_active,
    l.deactivatedAt AS deactivated_at,
    l.fulfillsOnlineOrders AS fulfills_online_orders,
    l.isFulfillmentService AS is_service,
    l.fulfillmentService.serviceName AS service,
    l.fulfillmentService.callbackUrl IS NOT NULL AS has_callback
FROM staged_location;

CREATE TABLE orders AS
SELECT
    o.id AS order_id,
    o.name AS order_name,
    o.legacyResourceId AS order_number,
    o.createdAt AS created_at,
    coalesce(o.processedAt, o.createdAt) AS processed_at,
    o.updatedAt AS updated_at,
    o.closedAt AS closed_at,
    o.cancelledAt AS cancelled_at,
    o.cancelReason AS cancel_reason,
    o.closed AS is_archived,
    o.test AS is_test,
    o.edited AS is_edited,
    o.tags AS tags,
    o.sourceName AS source_name,
    o.app.name AS app,
    o.displayFinancialStatus AS financial_status,
    o.displayFulfillmentStatus AS fulfillment_status,
    o.returnStatus AS return_status,
    o.fulfillable AS fulfillable,
    o.requiresShipping AS requires_shipping,
    o.unpaid AS unpaid,
    o.fullyPaid AS fully_paid,
    o.capturable AS capturable,
    o.paymentGatewayNames AS gateways,
    o.poNumber AS po_number,
    o.currencyCode AS currency,
    o.currentTotalPriceSet.shopMoney.amount AS total,
    o.totalOutstandingSet.shopMoney.amount AS outstanding,
    o.totalCapturableSet.shopMoney.amount AS capturable_amount,
    o.totalRefundedSet.shopMoney.amount AS refunded,
    o.purchasingEntity.__typename AS purchasing_entity,
    o.risk.recommendation AS risk_recommendation,
    list_contains(list_transform(o.risk.assessments, lambda a: a.riskLevel), 'HIGH') AS has_high_risk,
    list_contains(list_transform(o.risk.assessments, lambda a: a.riskLevel), 'PENDING')
        AS is_risk_pending,
    array_to_string(list_transform(o.risk.assessments, lambda a: a.provider.title), ', ')
        AS risk_providers,
    list_filter(o.disputes, lambda d: d.status IN ('NEEDS_RESPONSE', 'UNDER_REVIEW'))
        AS open_disputes,
    nullif(array_to_string(list_transform(o.alerts, lambda a: a.title), '; '), '') AS alerts,
    o.shippingAddress.countryCodeV2 AS country,
    o.shippingAddress.validationResultSummary AS address_validation,
    o.shippingAddress IS NOT NULL AS has_address,
    o.shippingLine.title AS shipping_method,
    o.shippingLine IS NOT NULL AS has_shipping_line,
    o.retailLocation.id AS retail_location_id,
    o.retailLocation.name AS retail_location
FROM staged_order;

CREATE TABLE transactions AS
SELECT
    order_id,
    t.kind AS kind,
    t.status AS status,
    t.gateway AS gateway,
    t.manualPaymentGateway AS is_manual,
    t.errorCode AS error_code,
    t.authorizationExpiresAt AS authorization_ends_at,
    coalesce(t.processedAt, t.createdAt) AS processed_at,
    place
FROM (
    SELECT
        o.id AS order_id,
        unnest(o.transactions) AS t,
        generate_subscripts(o.transactions, 1) AS place
    FROM staged_order
);

CREATE TABLE fulfillments AS
SELECT
    order_id,
    s.id AS fulfillment_id,
    s.name AS fulfillment,
    s.status AS status,
    s.displayStatus AS display_status,
    s.createdAt AS created_at,
    s.updatedAt AS updated_at,
    s.inTransitAt AS in_transit_at,
    s.deliveredAt AS delivered_at,
    s.totalQuantity AS units,
    s.service.serviceName AS service,
    s.location.id AS location_id,
    s.location.name AS location,
    s.trackingInfo[1].company AS carrier,
    s.trackingInfo[1].number AS tracking_number
FROM (SELECT o.id AS order_id, unnest(o.fulfillments) AS s FROM staged_order);

CREATE TABLE order_lines AS
SELECT DISTINCT ON (l.id)
    order_id,
    l.id AS line_id,
    l.title AS title,
    l.variantTitle AS variant_title,
    nullif(trim(l.sku), '') AS sku,
    l.vendor AS vendor,
    l.quantity AS quantity,
    l.currentQuantity AS current_quantity,
    l.unfulfilledQuantity AS unfulfilled_quantity,
    l.nonFulfillableQuantity AS non_fulfillable_quantity,
    l.requiresShipping AS requires_shipping,
    l.isGiftCard AS is_gift_card,
    l.sellingPlan.name AS selling_plan,
    list_transform(l.customAttributes, lambda a: a.key) AS attribute_keys,
    l.unfulfilledDiscountedTotalSet.shopMoney.amount AS unfulfilled_value,
    l.product.productType AS product_type,
    l.product.tags AS product_tags,
    l.variant.id AS variant_id,
    l.variant.inventoryPolicy AS inventory_policy,
    l.variant.inventoryItem.id AS inventory_item_id,
    l.variant.inventoryItem.tracked AS is_tracked
FROM staged_line;

CREATE TABLE fulfillment_orders AS
SELECT DISTINCT ON (f.id)
    f.id AS fulfillment_order_id,
    order_id,
    f.status AS status,
    f.requestStatus AS request_status,
    f.createdAt AS created_at,
    f.updatedAt AS updated_at,
    f.fulfillAt AS fulfill_at,
    f.fulfillBy AS fulfill_by,
    f.deliveryMethod.methodType AS delivery_method,
    f.deliveryMethod.presentedName AS delivery_name,
    f.deliveryMethod.maxDeliveryDateTime AS promised_by,
    f.assignedLocation.location.id AS location_id,
    f.assignedLocation.name AS location,
    f.assignedLocation.location.isActive AS location_is_active,
    f.assignedLocation.location.isFulfillmentService AS at_service,
    f.assignedLocation.location.fulfillsOnlineOrders AS location_sells_online,
    list_transform(f.supportedActions, lambda a: a.action) AS supported_actions
FROM staged_fulfillment_order
ORDER BY f.id, f.updatedAt DESC;

CREATE TABLE fulfillment_order_lines AS
SELECT DISTINCT ON (l.id)
    fulfillment_order_id,
    l.id AS fulfillment_order_line_id,
    l.lineItem.id AS line_id,
    l.totalQuantity AS quantity,
    l.remainingQuantity AS remaining_quantity,
    l.requiresShipping AS requires_shipping,
    nullif(trim(l.sku), '') AS sku,
    l.vendor AS vendor,
    l.inventoryItemId AS inventory_item_id,
    list_transform(l.warnings, lambda w: w.title) AS warning_titles
FROM staged_fulfillment_order_line;

CREATE TABLE holds AS
SELECT DISTINCT ON (fulfillment_order_id, h.id)
    fulfillment_order_id,
    h.id AS hold_id,
    h.reason AS reason,
    h.displayReason AS reason_text,
    h.reasonNotes AS notes,
    h.handle AS handle,
    h.heldByApp.title AS held_by_app,
    h.heldByRequestingApp AS held_by_this_app
FROM (
    SELECT f.id AS fulfillment_order_id, unnest(f.fulfillmentHolds) AS h
    FROM staged_fulfillment_order
);

CREATE TABLE merchant_requests AS
SELECT DISTINCT ON (r.id)
    fulfillment_order_id,
    r.id AS request_id,
    r.kind AS kind,
    r.message AS message,
    r.sentAt AS sent_at
FROM staged_merchant_request;

CREATE TABLE inventory_items AS
SELECT DISTINCT ON (i.id)
    i.id AS inventory_item_id,
    i.sku AS sku,
    i.tracked AS is_tracked,
    i.duplicateSkuCount AS duplicate_sku_count,
    i.measurement.weight.value AS weight
FROM staged_inventory_item
WHERE i.id IS NOT NULL;

CREATE TABLE inventory_levels AS
SELECT
    i.id AS inventory_item_id,
    level.location.id AS location_id,
    level.isActive AS is_active,
    list_filter(level.quantities, lambda q: q.name = 'available')[1].quantity AS available,
    list_filter(level.quantities, lambda q: q.name = 'on_hand')[1].quantity AS on_hand,
    list_filter(level.quantities, lambda q: q.name = 'committed')[1].quantity AS committed,
    list_filter(level.quantities, lambda q: q.name = 'incoming')[1].quantity AS incoming
FROM (SELECT i, unnest(i.inventoryLevels.nodes) AS level FROM staged_inventory_item)
QUALIFY row_number() OVER (PARTITION BY i.id, level.location.id) = 1;

CREATE TABLE order_extras AS
SELECT DISTINCT ON (o.id)
    o.id AS order_id,
    o.paymentTerms.paymentTermsName AS terms_name,
    o.paymentTerms.paymentTermsType AS terms_type,
    o.paymentTerms.overdue AS terms_overdue,
    list_max(list_transform(o.refunds, lambda r: r.createdAt)) AS refunded_at
FROM staged_extra
WHERE o.id IS NOT NULL;

CREATE TABLE events AS
SELECT DISTINCT ON (e.id)
    order_id,
    e.id AS event_id,
    e.action AS action,
    e.appTitle AS app,
    e.attributeToApp AS by_app,
    e.attributeToUser AS by_user,
    e.createdAt AS created_at
FROM staged_event;

-- The tidy tables hold all of it now, so it need not take their memory.
DROP TABLE staged_order;
DROP TABLE staged_line;
DROP TABLE staged_fulfillment_order;
DROP TABLE staged_fulfillment_order_line;
DROP TABLE staged_merchant_request;
DROP TABLE staged_location;
DROP TABLE staged_inventory_item;
DROP TABLE staged_extra;
DROP TABLE staged_event;
