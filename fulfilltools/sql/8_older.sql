-- The orders that were only glanced at are counted where orders and parcels are; nothing was learned
-- from them.

INSERT INTO orders BY NAME
SELECT
    id AS order_id,
    name AS order_name,
    createdAt AS created_at,
    coalesce(processedAt, createdAt) AS processed_at,
    updatedAt AS updated_at,
    closedAt AS closed_at,
    cancelledAt AS cancelled_at,
    test AS is_test,
    sourceName AS source_name,
    'FULFILLED' AS fulfillment_status
FROM older_order;

INSERT INTO fulfillments BY NAME
SELECT order_id, parcel.status AS status, parcel.createdAt AS created_at
FROM (SELECT id AS order_id, unnest(fulfillments) AS parcel FROM older_order);
