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

-- An order's copy is known by its generation: the run's own, or an earlier run's that it builds on.
CREATE MACRO generation_of(filename) AS getvariable('generations')[filename];

CREATE TABLE answer AS
SELECT generation_of(filename) AS generation, data
FROM read_json(getvariable('orders'), format = 'newline_delimited', columns = {
    data: 'STRUCT(
        orders STRUCT(nodes order_node[]), "order" order_node, fulfillmentOrder fulfillment_order_node
    )'
});

-- Bulk results are flat: a line is one node of any kind, which names its parent.
-- In no order, because DuckDB would keep the order of so many columns in one thread.
SET preserve_insertion_order = false;
CREATE TABLE bulk_line AS
SELECT generation_of(filename) AS generation, *
FROM read_json(
    getvariable('orders_bulk'), format = 'newline_delimited', columns = getvariable('node_columns')
);
RESET preserve_insertion_order;

CREATE TABLE staged_order AS
WITH newest AS (
    SELECT generation, o
    FROM (
        SELECT generation, unnest(data.orders.nodes) AS o FROM answer
        UNION ALL
        SELECT generation, bulk_line::order_node FROM bulk_line WHERE __typename = 'Order'
    )
    QUALIFY row_number() OVER (PARTITION BY o.id ORDER BY o.updatedAt DESC, generation) = 1
)
SELECT newest.*
FROM newest
-- A long history may have a still newer copy, glanced at because it says that the order was shipped.
ANTI JOIN glanced_order AS later ON later.id = newest.o.id AND later.updatedAt > newest.o.updatedAt
-- An earlier run may hold orders that have left the time asked for: by their age, or shipped since.
WHERE getvariable('since') IS NULL
    OR o.createdAt >= getvariable('since')::TIMESTAMPTZ
    OR (getvariable('sees_older') AND o.displayFulfillmentStatus <> 'FULFILLED');

-- What a long history was only glanced at for, unless a newer copy was read whole.
CREATE TABLE older_order AS
SELECT *
FROM glanced_order
WHERE (getvariable('since') IS NULL OR createdAt >= getvariable('since')::TIMESTAMPTZ)
    AND id NOT IN (SELECT o.id FROM staged_order);

-- Lines and fulfillment orders stand in their order, in its continuations, or on bulk lines.
CREATE TABLE staged_line AS
SELECT order_id, l
FROM (
    SELECT generation, o.id AS order_id, unnest(o.lineItems.nodes) AS l FROM staged_order
    UNION ALL
    SELECT generation, data."order".id, unnest(data."order".lineItems.nodes) FROM answer
    UNION ALL
    SELECT generation, __parentId, bulk_line::line_node FROM bulk_line WHERE __typename = 'LineItem'
) AS found
SEMI JOIN staged_order ON o.id = order_id AND staged_order.generation = found.generation;

CREATE TABLE staged_fulfillment_order AS
SELECT found.generation, order_id, f
FROM (
    SELECT generation, o.id AS order_id, unnest(o.fulfillmentOrders.nodes) AS f FROM staged_order
    UNION ALL
    SELECT generation, data."order".id, unnest(data."order".fulfillmentOrders.nodes) FROM answer
    UNION ALL
    SELECT generation, __parentId, bulk_line::fulfillment_order_node
    FROM bulk_line
    WHERE __typename = 'FulfillmentOrder'
) AS found
SEMI JOIN staged_order ON o.id = order_id AND staged_order.generation = found.generation
QUALIFY row_number() OVER (PARTITION BY f.id ORDER BY f.updatedAt DESC) = 1;

CREATE TABLE staged_fulfillment_order_line AS
SELECT fulfillment_order_id, l
FROM (
    SELECT generation, f.id AS fulfillment_order_id, unnest(f.lineItems.nodes) AS l
    FROM staged_fulfillment_order
    UNION ALL
    SELECT generation, data.fulfillmentOrder.id, unnest(data.fulfillmentOrder.lineItems.nodes)
    FROM answer
    UNION ALL
    SELECT generation, __parentId, bulk_line::fulfillment_order_line_node
    FROM bulk_line
    WHERE __typename = 'FulfillmentOrderLineItem'
) AS found
SEMI JOIN staged_fulfillment_order AS parent
    ON parent.f.id = fulfillment_order_id AND parent.generation = found.generation;

CREATE TABLE staged_merchant_request AS
SELECT fulfillment_order_id, r
FROM (
    SELECT generation, f.id AS fulfillment_order_id, unnest(f.merchantRequests.nodes) AS r
    FROM staged_fulfillment_order
    UNION ALL
    SELECT generation, data.fulfillmentOrder.id, unnest(data.fulfillmentOrder.merchantRequests.nodes)
    FROM answer
    UNION ALL
    SELECT generation, __parentId, bulk_line::merchant_request_node
    FROM bulk_line
    WHERE __typename = 'FulfillmentOrderMerchantRequest'
) AS found
SEMI JOIN staged_fulfillment_order AS parent
    ON parent.f.id = fulfillment_order_id AND parent.generation = found.generation;

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
SELECT t.id AS order_id, unnest(t.events.nodes) AS e
FROM (
    SELECT unnest(data.timelines.nodes) AS t
    FROM read_json(getvariable('timelines'), format = 'newline_delimited', columns = {
        data: 'STRUCT(timelines STRUCT(nodes order_node[]))'
    })
);

-- What stands in the staged tables now needs no memory twice.
DROP TABLE answer;
DROP TABLE bulk_line;
DROP TABLE glanced_order;
