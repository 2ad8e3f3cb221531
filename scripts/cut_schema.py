"""Cut Shopify's official schema down to what the demo shop serves.

    python scripts/cut_schema.py admin_2026-10.json.gz fulfilltools/demo/schema/2026-10.graphql

The official file holds the introspection of one API version (`data`) and the access that
each type and field needs (`offline_scopes`); the npm package @shopify/dev-mcp carries it.
Whatever is kept is kept unchanged: same arguments, same types, same nullability. Access
is written as `@access`; any one of its scopes opens the field.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    build_client_schema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_object_type,
    is_scalar_type,
    is_specified_scalar_type,
    is_union_type,
)
from graphql.utilities.print_schema import print_input_value

ROOTS = {
    "QueryRoot": """assignedFulfillmentOrders bulkOperation bulkOperations currentAppInstallation
        currentBulkOperation fulfillment fulfillmentOrder fulfillmentOrders inventoryItem location
        locations manualHoldsFulfillmentOrders node nodes order orders ordersCount
        publicApiVersions shop""",
    "Mutation": "bulkOperationCancel bulkOperationRunQuery",
}

WHOLE = """AccessScope ApiVersion Attribute BasicEvent BulkOperation BulkOperationCancelPayload
    BulkOperationRunQueryPayload BulkOperationUserError Count DeliveryBrandedPromise
    DeliveryLocalPickupSettings DeliveryMethod Event ExchangeLineItem Fulfillment
    FulfillmentEvent FulfillmentHold FulfillmentLineItem FulfillmentOrder
    FulfillmentOrderAssignedLocation FulfillmentOrderLineItem FulfillmentOrderLineItemWarning
    FulfillmentOrderLocationForMove FulfillmentOrderMerchantRequest
    FulfillmentOrderSupportedAction FulfillmentOriginAddress FulfillmentService
    FulfillmentTrackingInfo HasEvents InventoryLevel InventoryQuantity LegacyInteroperability
    LineItem LineItemGroup LineItemSellingPlan MoneyBag MoneyV2 Node Order OrderApp
    OrderAttribution OrderDisputeSummary OrderRiskAssessment OrderRiskSummary OrderTransaction
    PageInfo PaymentSchedule PaymentTerms PurchasingEntity Refund RefundLineItem ResourceAlert
    ResourceAlertAction RiskFact ShopAlert ShopAlertAction ShopPlan
    ShopifyProtectOrderEligibility ShopifyProtectOrderSummary UserError Weight"""
"""Types of which every field is kept whose own types are kept."""

PARTLY = {
    "App": "handle id title",
    "AppInstallation": "accessScopes app id",
    "Company": "id name",
    "CompanyLocation": "id name",
    "Customer": "id",
    "InventoryItem": """createdAt duplicateSkuCount id inventoryLevels legacyResourceId
        locationsCount measurement requiresShipping sku tracked updatedAt variant""",
    "InventoryItemMeasurement": "id weight",
    "Location": """activatable address createdAt deactivatable deactivatedAt fulfillmentService
        fulfillsOnlineOrders hasActiveInventory hasUnfulfilledOrders id inventoryLevels
        isActive isFulfillmentService isPrimary legacyResourceId
        localPickupSettingsV2 name shipsInventory updatedAt""",
    "LocationAddress": "city country countryCode province provinceCode",
    "MailingAddress": """city coordinatesValidated countryCodeV2 id provinceCode timeZone
        validationResultSummary""",
    "Product": "id isGiftCard productType status tags title totalInventory vendor",
    "ProductVariant": """id inventoryItem inventoryPolicy inventoryQuantity product sku title""",
    "PurchasingCompany": "company location",
    "Return": "closedAt createdAt exchangeLineItems id name order status totalQuantity",
    "ShippingLine": """carrierIdentifier code deliveryCategory id isRemoved shippingRateHandle
        source title""",
    "Shop": """alerts createdAt currencyCode enabledPresentmentCurrencies fulfillmentServices
        ianaTimezone id myshopifyDomain name plan taxesIncluded timezoneAbbreviation
        timezoneOffset timezoneOffsetMinutes unitSystem weightUnit""",
}

Access = dict[tuple[str, str | None], list[str]]

HEAD = """\
# Cut by scripts/cut_schema.py out of Shopify's Admin API {version}. Do not edit.
directive @access(scopes: [String!]!) on FIELD_DEFINITION | OBJECT
schema {{ query: QueryRoot mutation: Mutation }}
"""


class Cut:
    """The types that stay, and their text."""

    def __init__(self, schema: GraphQLSchema, access: Access) -> None:
        self.schema = schema
        self.access = access
        wanted = {name: set(fields.split()) for name, fields in (PARTLY | ROOTS).items()}
        whole: dict[str, set[str]] = {name: set() for name in WHOLE.split()}
        pages = {
            name + ending: set[str]()
            for name in wanted | whole
            for ending in ("Connection", "Edge")
            if name + ending in schema.type_map
        }
        self.wanted = {
            name: fields
            for name, fields in (pages | whole | wanted).items()
            if name in schema.type_map
        }

    def text(self, version: str) -> str:
        """All kept types as SDL, in the order of their names."""
        bodies = {name: self._composite(name) for name in self.wanted}
        for name in sorted(self._leaves_and_inputs()):
            bodies[name] = self._leaf_or_input(self.schema.type_map[name])
        return HEAD.format(version=version) + "\n".join(bodies[name] for name in sorted(bodies))

    def _kept_fields(self, name: str) -> dict[str, GraphQLField]:
        fields: dict[str, GraphQLField] = getattr(self.schema.type_map[name], "fields", {})
        return {
            field_name: field
            for field_name, field in fields.items()
            if not self.wanted[name] or field_name in self.wanted[name]
            if is_leaf_type(get_named_type(field.type))
            or get_named_type(field.type).name in self.wanted
        }

    def _leaves_and_inputs(self) -> set[str]:
        """Scalars, enums and inputs that the kept fields speak of, and these of."""
        queue: list[GraphQLNamedType] = []
        for name in self.wanted:
            for field in self._kept_fields(name).values():
                parts: tuple[GraphQLField | GraphQLArgument, ...] = (field, *field.args.values())
                queue += [get_named_type(part.type) for part in parts]
        found: set[str] = set()
        while queue:
            each: Any = queue.pop()
            if each.name in found | set(self.wanted) or is_specified_scalar_type(each):
                continue
            found.add(each.name)
            if is_input_object_type(each):
                queue += [get_named_type(field.type) for field in each.fields.values()]
        return found

    def _composite(self, name: str) -> str:
        kind: Any = self.schema.type_map[name]
        if is_union_type(kind):
            members = [member.name for member in kind.types if member.name in self.wanted]
            return f"union {name} = {' | '.join(members)}"
        head = "type" if is_object_type(kind) else "interface"
        interfaces = [
            face.name
            for face in kind.interfaces
            if face.name in self.wanted
            if self._kept_fields(face.name).keys() <= self._kept_fields(name).keys()
        ]
        implements = f" implements {' & '.join(interfaces)}" if interfaces else ""
        fields = [self._field(name, *item) for item in self._kept_fields(name).items()]
        return f"{head} {name}{implements}{self._access_of(name)} {{\n" + "\n".join(fields) + "\n}"

    def _field(self, owner: str, name: str, field: GraphQLField) -> str:
        args = ", ".join(self._argument(*item) for item in field.args.items())
        old = " @deprecated" if field.deprecation_reason is not None else ""
        return (
            f" {name}{f'({args})' if args else ''}: {field.type}{old}{self._access_of(owner, name)}"
        )

    @staticmethod
    def _argument(name: str, argument: GraphQLArgument) -> str:
        # print_input_value would repeat the reason of a deprecation.
        bare = GraphQLArgument(**argument.to_kwargs() | {"deprecation_reason": None})
        old = " @deprecated" if argument.deprecation_reason is not None else ""
        return print_input_value(name, bare) + old

    def _access_of(self, owner: str, field: str | None = None) -> str:
        scopes = self.access.get((owner, field))
        return f" @access(scopes: {json.dumps(scopes)})" if scopes else ""

    def _leaf_or_input(self, kind: Any) -> str:  # noqa: ANN401
        if is_scalar_type(kind):
            return f"scalar {kind.name}"
        if is_enum_type(kind):
            values = (
                name + (" @deprecated" if value.deprecation_reason is not None else "")
                for name, value in kind.values.items()
            )
            return f"enum {kind.name} {{ {' '.join(values)} }}"
        inputs = (self._argument(*item) for item in kind.fields.items())
        return f"input {kind.name} {{ {' '.join(inputs)} }}"


def official(path: Path) -> dict[str, Any]:
    """Read an official file."""
    content: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return content


def cut(path: Path) -> str:
    """Return the demo shop's schema, cut from one official file."""
    content = official(path)
    # graphql-core would reject Shopify's own schema over a rule on deprecations.
    schema = build_client_schema(content["data"], assume_valid=True)
    access: Access = {
        (item["typeName"], item.get("fieldName")): item["offlineScopes"]
        for item in content["offline_scopes"]["items"]
    }
    version = path.name.removeprefix("admin_").removesuffix(".json.gz")
    return Cut(schema, access).text(version) + "\n"


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:3])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(cut(source), encoding="utf-8")
    print(f"{target}: {target.stat().st_size:,} bytes")
