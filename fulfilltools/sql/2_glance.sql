-- A first look at a long history, few columns of it; a short one is read whole at once, and there
-- is nothing here (tables.py decides). Read whole are the orders that wait, those that changed last, and
-- those that a supplier lists.

CREATE MACRO gid_number(gid) AS split_part(gid, '/', 5)::BIGINT;

-- A row per line of the files, in their order: copy_whole_orders (long_history.py) counts on it.
CREATE TABLE glance AS
SELECT
    filename AS file,
    __typename AS kind,
    gid_number(id) AS number,
    gid_number(__parentId) AS parent,
    coalesce(displayFulfillmentStatus = 'FULFILLED', status IN ('CLOSED', 'CANCELLED')) AS is_done,
    * EXCLUDE (__typename, __parentId, id, status, displayFulfillmentStatus)
FROM read_json(getvariable('long_history'), format = 'newline_delimited', columns = {
    __typename: 'VARCHAR', __parentId: 'VARCHAR', id: 'VARCHAR', status: 'VARCHAR',
    name: 'VARCHAR', test: 'BOOLEAN', sourceName: 'VARCHAR', displayFulfillmentStatus: 'VARCHAR',
    createdAt: 'TIMESTAMPTZ', processedAt: 'TIMESTAMPTZ', updatedAt: 'TIMESTAMPTZ',
    closedAt: 'TIMESTAMPTZ', cancelledAt: 'TIMESTAMPTZ',
    fulfillments: 'STRUCT(status VARCHAR, createdAt TIMESTAMPTZ)[]'
});

CREATE TABLE whole_order AS
WITH history AS (
    SELECT min(updatedAt) AS since
    FROM (
        SELECT updatedAt FROM glance WHERE kind = 'Order' AND is_done
        ORDER BY updatedAt DESC LIMIT getvariable('history_orders')
    )
)
SELECT number FROM glance, history WHERE kind = 'Order' AND (NOT is_done OR updatedAt >= since)
UNION
SELECT parent FROM glance WHERE kind = 'FulfillmentOrder' AND NOT is_done
UNION
-- What a supplier lists is held against its order line by line, and against all orders of that number.
SELECT number
FROM glance
WHERE getvariable('shipments') IS NOT NULL AND kind = 'Order' AND (
    order_key(name) IN (SELECT order_key(order_name) FROM shipment_list)
    OR order_digits(name) IN (SELECT order_digits(order_name) FROM shipment_list)
    OR number::VARCHAR IN (SELECT order_key(order_name) FROM shipment_list)
);

-- Lines that these numbers, or their parents, say are read whole. Shopify numbers things of each kind
-- on their own, so a fulfillment order may have another order's number: the few lines that then come
-- along find no parent among the staged ones.
CREATE TABLE whole AS
FROM whole_order
UNION
SELECT g.number FROM glance g SEMI JOIN whole_order ON whole_order.number = g.parent
WHERE kind = 'FulfillmentOrder';

-- The rest, shipped long ago, is kept in those few columns.
CREATE TABLE glanced_order AS
WITH newest AS (
    SELECT arg_max(rowid, updatedAt) AS copy
    FROM glance ANTI JOIN whole_order USING (number)
    WHERE kind = 'Order'
    GROUP BY number
)
SELECT 'gid://shopify/Order/' || number AS id, glance.* EXCLUDE (file, kind, number, parent, is_done)
FROM glance SEMI JOIN newest ON newest.copy = glance.rowid;
