-- A first look at a long history, few columns of it; a short one is read whole at once, and there
-- is nothing here (tables.py decides). Read whole are the orders that wait, and those that changed last.

CREATE MACRO gid_number(gid) AS split_part(gid, '/', 5)::BIGINT;

CREATE TABLE glance AS
SELECT
    gid_number(id) AS number,
    gid_number(__parentId) AS order_number,
    coalesce(displayFulfillmentStatus = 'FULFILLED', status IN ('CLOSED', 'CANCELLED')) AS is_done,
    * EXCLUDE (__typename, __parentId, id, status, displayFulfillmentStatus)
FROM read_json(getvariable('long_history'), format = 'newline_delimited', columns = {
    __typename: 'VARCHAR', __parentId: 'VARCHAR', id: 'VARCHAR', status: 'VARCHAR',
    name: 'VARCHAR', test: 'BOOLEAN', sourceName: 'VARCHAR', displayFulfillmentStatus: 'VARCHAR',
    createdAt: 'TIMESTAMPTZ', processedAt: 'TIMESTAMPTZ', updatedAt: 'TIMESTAMPTZ',
    closedAt: 'TIMESTAMPTZ', cancelledAt: 'TIMESTAMPTZ',
    fulfillments: 'STRUCT(status VARCHAR, createdAt TIMESTAMPTZ)[]'
})
WHERE __typename IN ('Order', 'FulfillmentOrder');

CREATE TABLE whole_order AS
WITH history AS (
    SELECT min(updatedAt) AS since
    FROM (
        SELECT updatedAt FROM glance WHERE order_number IS NULL AND is_done
        ORDER BY updatedAt DESC LIMIT getvariable('history_orders')
    )
)
SELECT number FROM glance, history WHERE order_number IS NULL AND (NOT is_done OR updatedAt >= since)
UNION
SELECT order_number FROM glance WHERE order_number IS NOT NULL AND NOT is_done;

-- Shopify numbers things of each kind on their own, so a fulfillment order may have another order's
-- number: the few lines that then come along find no parent among the staged ones.
CREATE TABLE whole AS
FROM whole_order
UNION
SELECT g.number FROM glance g SEMI JOIN whole_order ON whole_order.number = g.order_number;

-- The rest, shipped long ago, is kept in those few columns.
CREATE TABLE glanced_order AS
WITH newest AS (
    SELECT arg_max(rowid, updatedAt) AS copy
    FROM glance ANTI JOIN whole_order USING (number)
    WHERE order_number IS NULL
    GROUP BY number
)
SELECT 'gid://shopify/Order/' || number AS id, glance.* EXCLUDE (number, order_number, is_done)
FROM glance SEMI JOIN newest ON newest.copy = glance.rowid;

DROP TABLE glance;

-- The order or fulfillment order that a line is, or belongs to. Lines end with their parent: found there,
-- it need not be parsed.
CREATE MACRO line_number(json) AS coalesce(
    CASE
        WHEN contains(substr(json, -90), '"__parentId":"gid:')
            THEN try_cast(regexp_extract(substr(json, -24), '(\d+)"}$', 1) AS BIGINT)
    END,
    gid_number(coalesce(json_extract_string(json, '__parentId'), json_extract_string(json, 'id')))
);
