-- What an export cannot know is unknown, also where its absence would read as a fact.

CREATE MACRO unknown(x) AS nullif(x, x);

CREATE OR REPLACE TABLE backlog AS
SELECT b.* REPLACE (
    true AS from_export,
    CASE WHEN has_column('cancelled_at') THEN is_cancelled END AS is_cancelled,
    unknown(is_manual_gateway) AS is_manual_gateway,
    -- Without their column, only drafts may be on terms: a shop's buyers cannot choose them.
    CASE
        WHEN has_column('terms_name') OR source_name <> 'shopify_draft_order' THEN on_payment_terms
    END AS on_payment_terms,
    unknown(last_transaction) AS last_transaction,
    unknown(last_transaction_status) AS last_transaction_status,
    unknown(last_error) AS last_error,
    CASE WHEN fulfillment_status IS NOT NULL THEN shipments END AS shipments,
    unknown(shipped_from_here) AS shipped_from_here,
    unknown(routed_after_shipment) AS routed_after_shipment,
    unknown(is_undone) AS is_undone,
    unknown(status) AS status,
    unknown(request_status) AS request_status,
    CASE WHEN fulfillment_order_id IS NOT NULL THEN true END AS request_open,
    nullif(digital_words, '') AS digital_words,
    unknown(lines_without_variant) AS lines_without_variant,
    unknown(lines_with_shared_sku) AS lines_with_shared_sku,
    unknown(instant_shipments) AS instant_shipments,
    unknown(instant_sample) AS instant_sample,
    unknown(warnings) AS warnings,
    unknown(app_queue) AS app_queue,
    unknown(shipped_before_here) AS shipped_before_here,
    unknown(stocked_here) AS stocked_here,
    unknown(stocked_elsewhere) AS stocked_elsewhere,
    CASE WHEN r.is_counted THEN units_left END AS units_left,
    CASE WHEN r.is_counted THEN lines_left END AS lines_left,
    CASE WHEN r.is_counted THEN value END AS value,
    CASE WHEN has_column('sku') THEN lines_without_sku END AS lines_without_sku
)
FROM backlog b
LEFT JOIN export_rest r USING (order_name)
ORDER BY processed_at, row_id;
