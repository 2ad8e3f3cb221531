-- The shapes of Shopify's answers, as far as the tables read them.
-- A field that an answer lacks (older version, missing scope, other query) reads as NULL: unknown.
-- Field names are Shopify's own: https://shopify.dev/docs/api/admin-graphql.

CREATE TYPE money AS STRUCT(shopMoney STRUCT(amount DECIMAL(24, 4), currencyCode VARCHAR));

CREATE TYPE transaction_node AS STRUCT(
    kind VARCHAR, status VARCHAR, gateway VARCHAR, manualPaymentGateway BOOLEAN,
    errorCode VARCHAR, authorizationExpiresAt TIMESTAMPTZ, processedAt TIMESTAMPTZ, createdAt TIMESTAMPTZ
);

CREATE TYPE fulfillment_node AS STRUCT(
    id VARCHAR, name VARCHAR, status VARCHAR, displayStatus VARCHAR, createdAt TIMESTAMPTZ,
    updatedAt TIMESTAMPTZ, inTransitAt TIMESTAMPTZ, deliveredAt TIMESTAMPTZ,
    requiresShipping BOOLEAN, totalQuantity BIGINT,
    service STRUCT(handle VARCHAR, serviceName VARCHAR, type VARCHAR),
    location STRUCT(id VARCHAR, name VARCHAR),
    trackingInfo STRUCT(company VARCHAR, number VARCHAR)[]
);

CREATE TYPE line_node AS STRUCT(
    id VARCHAR, title VARCHAR, variantTitle VARCHAR, sku VARCHAR, vendor VARCHAR,
    quantity BIGINT, currentQuantity BIGINT, unfulfilledQuantity BIGINT,
    nonFulfillableQuantity BIGINT, refundableQuantity BIGINT,
    requiresShipping BOOLEAN, isGiftCard BOOLEAN,
    sellingPlan STRUCT(name VARCHAR), customAttributes STRUCT(key VARCHAR)[],
    unfulfilledDiscountedTotalSet money,
    product STRUCT(id VARCHAR, productType VARCHAR, tags VARCHAR[]),
    variant STRUCT(
        id VARCHAR, inventoryPolicy VARCHAR, inventoryItem STRUCT(id VARCHAR, tracked BOOLEAN)
    )
);

CREATE TYPE fulfillment_order_line_node AS STRUCT(
    id VARCHAR, totalQuantity BIGINT, remainingQuantity BIGINT, requiresShipping BOOLEAN,
    sku VARCHAR, vendor VARCHAR, inventoryItemId VARCHAR, lineItem STRUCT(id VARCHAR),
    warnings STRUCT(title VARCHAR, description VARCHAR)[]
);

CREATE TYPE merchant_request_node AS STRUCT(
    id VARCHAR, kind VARCHAR, message VARCHAR, sentAt TIMESTAMPTZ, responseData JSON
);

CREATE TYPE hold_node AS STRUCT(
    id VARCHAR, reason VARCHAR, reasonNotes VARCHAR, displayReason VARCHAR, handle VARCHAR,
    heldByRequestingApp BOOLEAN, heldByApp STRUCT(id VARCHAR, title VARCHAR)
);

CREATE TYPE fulfillment_order_node AS STRUCT(
    id VARCHAR, status VARCHAR, requestStatus VARCHAR, createdAt TIMESTAMPTZ,
    updatedAt TIMESTAMPTZ, fulfillAt TIMESTAMPTZ, fulfillBy TIMESTAMPTZ,
    deliveryMethod STRUCT(
        methodType VARCHAR, presentedName VARCHAR,
        minDeliveryDateTime TIMESTAMPTZ, maxDeliveryDateTime TIMESTAMPTZ
    ),
    assignedLocation STRUCT(
        name VARCHAR, countryCode VARCHAR,
        location STRUCT(
            id VARCHAR, isActive BOOLEAN, isFulfillmentService BOOLEAN, fulfillsOnlineOrders BOOLEAN
        )
    ),
    supportedActions STRUCT(action VARCHAR, externalUrl VARCHAR)[],
    fulfillmentHolds hold_node[],
    lineItems STRUCT(nodes fulfillment_order_line_node[]),
    merchantRequests STRUCT(nodes merchant_request_node[])
);

CREATE TYPE event_node AS STRUCT(
    id VARCHAR, action VARCHAR, appTitle VARCHAR, attributeToApp BOOLEAN, attributeToUser BOOLEAN,
    createdAt TIMESTAMPTZ
);

CREATE TYPE order_node AS STRUCT(
    id VARCHAR, legacyResourceId VARCHAR, name VARCHAR, createdAt TIMESTAMPTZ,
    processedAt TIMESTAMPTZ, updatedAt TIMESTAMPTZ, closedAt TIMESTAMPTZ,
    cancelledAt TIMESTAMPTZ, cancelReason VARCHAR, closed BOOLEAN, test BOOLEAN, edited BOOLEAN,
    tags VARCHAR[], sourceName VARCHAR, app STRUCT(name VARCHAR),
    displayFinancialStatus VARCHAR, displayFulfillmentStatus VARCHAR, returnStatus VARCHAR,
    fulfillable BOOLEAN, requiresShipping BOOLEAN, unpaid BOOLEAN, fullyPaid BOOLEAN,
    capturable BOOLEAN, paymentGatewayNames VARCHAR[], poNumber VARCHAR, currencyCode VARCHAR,
    currentTotalPriceSet money, totalOutstandingSet money, totalCapturableSet money,
    totalRefundedSet money, purchasingEntity STRUCT(__typename VARCHAR),
    risk STRUCT(
        recommendation VARCHAR,
        assessments STRUCT(riskLevel VARCHAR, provider STRUCT(title VARCHAR))[]
    ),
    disputes STRUCT(initiatedAs VARCHAR, status VARCHAR)[],
    alerts STRUCT(severity VARCHAR, title VARCHAR)[],
    shippingAddress STRUCT(
        countryCodeV2 VARCHAR, provinceCode VARCHAR, validationResultSummary VARCHAR
    ),
    shippingLine STRUCT(title VARCHAR, code VARCHAR),
    retailLocation STRUCT(id VARCHAR, name VARCHAR),
    transactions transaction_node[],
    fulfillments fulfillment_node[],
    lineItems STRUCT(nodes line_node[]),
    fulfillmentOrders STRUCT(nodes fulfillment_order_node[]),
    events STRUCT(nodes event_node[]),
    -- only asked of few orders (order_extra)
    refunds STRUCT(
        id VARCHAR, createdAt TIMESTAMPTZ,
        refundLineItems STRUCT(nodes STRUCT(quantity BIGINT, restockType VARCHAR)[])
    )[],
    paymentTerms STRUCT(
        paymentTermsName VARCHAR, paymentTermsType VARCHAR, due BOOLEAN, overdue BOOLEAN,
        dueInDays BIGINT
    )
);

CREATE TYPE location_node AS STRUCT(
    id VARCHAR, name VARCHAR, isActive BOOLEAN, deactivatedAt TIMESTAMPTZ,
    fulfillsOnlineOrders BOOLEAN, isFulfillmentService BOOLEAN,
    fulfillmentService STRUCT(
        id VARCHAR, handle VARCHAR, serviceName VARCHAR, type VARCHAR, callbackUrl VARCHAR
    )
);

CREATE TYPE inventory_item_node AS STRUCT(
    id VARCHAR, sku VARCHAR, tracked BOOLEAN, duplicateSkuCount BIGINT,
    measurement STRUCT(weight STRUCT(value DOUBLE)),
    inventoryLevels STRUCT(nodes STRUCT(
        isActive BOOLEAN, location STRUCT(id VARCHAR),
        quantities STRUCT(name VARCHAR, quantity BIGINT)[]
    )[])
);

CREATE TYPE installation_node AS STRUCT(accessScopes STRUCT(handle VARCHAR)[]);

CREATE TYPE shop_node AS STRUCT(
    name VARCHAR, myshopifyDomain VARCHAR, ianaTimezone VARCHAR, currencyCode VARCHAR,
    fulfillmentServices STRUCT(
        id VARCHAR, handle VARCHAR, serviceName VARCHAR, type VARCHAR, callbackUrl VARCHAR,
        location STRUCT(id VARCHAR, name VARCHAR)
    )[]
);

-- Names of orders as suppliers write them.

-- A parcel's number behind an order's (1001-F1, 1001.2) is not the order's.
CREATE MACRO order_key(t) AS upper(regexp_replace(
    regexp_replace(trim(t), '(?i)(\d{3,})([-.]F?\d{1,2})$', '\1'), '[^\pL\pN]', '', 'g'
));
-- The number in a name, whatever stands around it: 1001 in #1001, SHOP-1001, 1001SE.
CREATE MACRO order_digits(t) AS nullif(
    ltrim(regexp_extract(order_key(t), '(\d{3,})\D*$', 1), '0'), ''
);
