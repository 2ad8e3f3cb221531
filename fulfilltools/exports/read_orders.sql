-- From `read_row` (the order export's wanted columns as text) to one row per order and per line.
-- Only the first row of an order carries the order's columns; sorting in a spreadsheet may have
-- moved it, so an order takes each column from whichever of its rows has it.

CREATE TABLE order_text AS
SELECT
    file_no,
    order_name,
    min(order_number) AS order_number,
    max(order_number) AS other_number,
    any_value(created_at) AS created_at,
    any_value(paid_at) AS paid_at,
    any_value(fulfilled_at) AS fulfilled_at,
    any_value(cancelled_at) AS cancelled_at,
    any_value(due_at) AS due_at,
    any_value(financial_status) AS financial_status,
    any_value(fulfillment_status) AS fulfillment_status,
    any_value(currency) AS currency,
    any_value(total) AS total,
    any_value(refunded) AS refunded,
    any_value(outstanding) AS outstanding,
    any_value(shipping_method) AS shipping_method,
    any_value(country) AS country,
    any_value(gateways) AS gateways,
    any_value(terms_name) AS terms_name,
    any_value(location) AS location,
    any_value(source_name) AS source_name,
    any_value(risk_level) AS risk_level,
    any_value(tags) AS tags,
    any_value(day_words) AS day_words
FROM read_row
GROUP BY file_no, order_name;

-- An order that stands in two files counts once: as in the file with the newest order.
CREATE TABLE order_file AS
SELECT order_name, file_no
FROM order_text
JOIN (SELECT file_no, max(moment(created_at)) AS newest FROM order_text GROUP BY file_no)
    USING (file_no)
QUALIFY row_number() OVER (PARTITION BY order_name ORDER BY newest DESC, file_no DESC) = 1;

CREATE MACRO status(t) AS upper(regexp_replace(t, '[ _-]+', '_', 'g'));

CREATE TABLE export_order AS
SELECT
    order_name,
    order_number,
    file_no,
    moment(created_at) AS created_at,
    moment(paid_at) AS paid_at,
    moment(fulfilled_at) AS fulfilled_at,
    moment(cancelled_at) AS cancelled_at,
    moment(due_at) AS due_at,
    status(financial_status) AS financial_status,
    CASE status(fulfillment_status)
        WHEN 'PARTIAL' THEN 'PARTIALLY_FULFILLED'
        ELSE status(fulfillment_status)
    END AS fulfillment_status,
    upper(currency) AS currency,
    amount(total) AS total,
    amount(refunded) AS refunded,
    amount(outstanding) AS outstanding,
    shipping_method,
    upper(country) AS country,
    string_split_regex(gateways, '\s*\+\s*') AS gateways,
    terms_name,
    location,
    lower(source_name) AS source_name,
    upper(risk_level) AS risk_level,
    string_split_regex(tags, '\s*,\s*') AS tags,
    day_words
FROM order_text
JOIN order_file USING (order_name, file_no);

CREATE TABLE export_line AS
SELECT
    order_name,
    read_row.rowid AS row_no,
    amount(quantity)::BIGINT AS quantity,
    title,
    amount(price) AS price,
    amount(discount) AS discount,
    sku,
    flag(requires_shipping) AS requires_shipping,
    lower(regexp_replace(line_status, '[ _-]+', '_', 'g')) AS line_status,
    vendor
FROM read_row
JOIN order_file USING (order_name, file_no)
WHERE quantity IS NOT NULL OR title IS NOT NULL;
