-- The raw answers, unfolded to one row per node. Pages overlap at their edges, so an order may
-- have come twice: the newest copy counts, with all that is nested in it.

CREATE TABLE shop AS
SELECT
    data.shop AS shop,
    list_transform(data.currentAppInstallation.accessScopes, lambda s: s.handle) AS scopes
FROM read_json(getvariable('context'), format = 'newline_delimited', columns = {
    data: 'STRUCT(shop shop_node, currentAppInstallation installation_node)'
})
LIMIT 1;

CREATE TABLE answer AS
SELECT data
FROM read_json(getvariable('orders'), format = 'newline_delimited', columns = {
    data: 'STRUCT(
        orders STRUCT(nodes order_node[]), "order" order_node, fulfillmentOrder fulfillment_order_node
    )'
});

CREATE TABLE staged_order AS
SELECT o FROM (SELECT unnest(data.orders.nodes) AS o FROM answer)
QUALIFY row_number() OVER (PARTITION BY o.id ORDER BY o.updatedAt DESC) = 1;

-- Lines and fulfillment orders also come in continuations, where an order has many.
CREATE TABLE staged_line AS
SELECT o.id AS order_id, unnest(o.lineItems.nodes) AS l FROM staged_order
UNION ALL
SELECT data."order".id, unnest(data."order".lineItems.nodes) FROM answer;

CREATE TABLE staged_fulfillment_order AS
SELECT o.id AS order_id, unnest(o.fulfillmentOrders.nodes) AS f FROM staged_order
UNION ALL
SELECT data."order".id, unnest(data."order".fulfillmentOrders.nodes) FROM answer;

CREATE TABLE staged_fulfillment_order_line AS
SELECT f.id AS fulfillment_order_id, unnest(f.lineItems.nodes) AS l
FROM staged_fulfillment_order
UNION ALL
SELECT data.fulfillmentOrder.id, unnest(data.fulfillmentOrder.lineItems.nodes) FROM answer;

CREATE TABLE staged_merchant_request AS
SELECT f.id AS fulfillment_order_id, unnest(f.merchantRequests.nodes) AS r
FROM staged_fulfillment_order
UNION ALL
SELECT data.fulfillmentOrder.id, unnest(data.fulfillmentOrder.merchantRequests.nodes) FROM answer;

CREATE TABLE staged_location AS
SELECT unnest(data.locations.nodes) AS l
FROM read_json(getvariable('locations'), format = 'newline_delimited', columns = {
    data: 'STRUCT(locations STRUCT(nodes location_node[]))'
});

CREATE TABLE staged_inventory_item AS
SELECT unnest(data.nodes) AS i
FROM read_json(getvariable('inventory'), format = 'newline_delimited', columns = {
    data: 'STRUCT(nodes inventory_item_node[])'
});

CREATE TABLE staged_extra AS
SELECT unnest(coalesce(data.nodes, [data."order"])) AS o
FROM read_json(getvariable('order_extra'), format = 'newline_delimited', columns = {
    data: 'STRUCT(nodes order_node[], "order" order_node)'
});

CREATE TABLE staged_event AS
SELECT o.id AS order_id, unnest(o.events.nodes) AS e
FROM (
    SELECT unnest(data.orders.nodes) AS o
    FROM read_json(getvariable('timelines'), format = 'newline_delimited', columns = {
        data: 'STRUCT(orders STRUCT(nodes order_node[]))'
    })
);
