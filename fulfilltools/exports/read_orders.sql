-- From `read_row` (the order export's wanted columns as text) to one row per order and per line.
-- Only the first row of an order carries the order's columns; sorting in a spreadsheet may have
-- moved it, so an order takes each column from the first of its rows that has it.

CREATE TABLE order_text AS
SELECT
    file_no,
    order_name,
    min(order_number) AS order_number,
    max(order_number) AS other_number,
    arg_min(created_at, rowid) AS created_at,
    arg_min(paid_at, rowid) AS paid_at,
    arg_min(fulfilled_at, rowid) AS fulfilled_at,
    arg_min(cancelled_at, rowid) AS cancelled_at,
    arg_min(due_at, rowid) AS due_at,
    arg_min(financial_status, rowid) AS financial_status,
    arg_min(fulfillment_status, rowid) AS fulfillment_status,
    arg_min(currency, rowid) AS currency,
    arg_min(total, rowid) AS total,
    arg_min(refunded, rowid) AS refunded,
    arg_min(outstanding, rowid) AS outstanding,
    arg_min(shipping_method, rowid) AS shipping_method,
    arg_min(country, rowid) AS country,
    arg_min(gateways, rowid) AS gateways,
    arg_min(terms_name, rowid) AS terms_name,
    arg_min(location, rowid) AS location,
    arg_min(source_name, rowid) AS source_name,
    arg_min(risk_level, rowid) AS risk_level,
    arg_min(tags, rowid) AS tags,
    arg_min(day_words, rowid) AS day_words
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
