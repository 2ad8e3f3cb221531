"""What the columns are called: the admin's order export, and suppliers' lists in any language."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def fold(heading: str) -> str:
    """Reduce a heading to what counts: no case, accents, spaces or punctuation."""
    parts = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(sign for sign in parts if sign.isalnum())


@dataclass(frozen=True)
class Headings:
    """Which columns are read of a kind of file, by our name for them.

    What is not named here is read past: so are names, e-mails, phones, addresses and notes.
    """

    kind: str
    known: Mapping[str, Sequence[str]]
    """Our name → the headings it is found under, the first being the usual one."""
    required: Sequence[str]
    """Without these it is another kind of file."""

    def places(self, headings: Sequence[str]) -> dict[str, int]:
        """Find our columns among a file's headings: our name → place from 0."""
        places: dict[str, int] = {}
        first = {fold(heading): place for place, heading in reversed(list(enumerate(headings)))}
        for name, synonyms in self.known.items():
            found = next((first[fold(one)] for one in synonyms if fold(one) in first), None)
            if found is not None and found not in places.values():
                places[name] = found
        return places

    def missing(self, headings: Sequence[str]) -> list[str]:
        """Name the required headings that are not there."""
        places = self.places(headings)
        return [self.known[name][0] for name in self.required if name not in places]


ORDERS = Headings(
    kind="the admin's order export",
    known={
        "order_name": ("Name",),
        "order_number": ("Id",),
        "created_at": ("Created at",),
        "paid_at": ("Paid at",),
        "fulfilled_at": ("Fulfilled at",),
        "cancelled_at": ("Cancelled at",),
        "due_at": ("Next Payment Due At",),
        "financial_status": ("Financial Status",),
        "fulfillment_status": ("Fulfillment Status",),
        "currency": ("Currency",),
        "total": ("Total",),
        "refunded": ("Refunded Amount",),
        "outstanding": ("Outstanding Balance",),
        "shipping_method": ("Shipping Method",),
        "country": ("Shipping Country",),
        "gateways": ("Payment Method",),
        "terms_name": ("Payment Terms Name",),
        "location": ("Location",),
        "source_name": ("Source",),
        "risk_level": ("Risk Level",),
        "tags": ("Tags",),
        # only the words that say that a day is named are taken from it, see read_orders.sql
        "day_words": ("Note Attributes",),
        "quantity": ("Lineitem quantity",),
        "title": ("Lineitem name",),
        "price": ("Lineitem price",),
        "discount": ("Lineitem discount",),
        "sku": ("Lineitem sku",),
        "requires_shipping": ("Lineitem requires shipping",),
        "line_status": ("Lineitem fulfillment status",),
        "vendor": ("Vendor",),
    },
    required=("order_name", "created_at", "fulfillment_status", "quantity"),
)

SHIPMENTS = Headings(
    kind="a shipment list",
    known={
        "order_name": (
            *(
                "Order",
                "Order name",
                "Order number",
                "Order no",
                "Order ID",
                "Order #",
                "Order ref",
            ),
            *("Order reference", "Reference", "Customer order", "Customer reference", "Shop order"),
            *(
                "Shopify order",
                "Shopify order number",
                "Sales order",
                "PO number",
                "Name",
                "Your ref",
            ),
            *("Ordernummer", "Ordernr", "Orderreferens", "Referens", "Kundorder", "Er referens"),
            *("Beställning", "Beställningsnummer", "Bestellnummer", "Bestellung", "Auftrag"),
            *("Auftragsnummer", "Auftragsnr", "Bestellnr", "Referenz", "Ordrenummer", "Ordre"),
            *("Bestillingsnummer", "Tilausnumero", "Tilaus", "Bestelling", "Bestelnummer"),
            *("Commande", "Numéro de commande", "N° de commande", "Référence", "Pedido"),
            *("Número de pedido", "Referencia", "Ordine", "Numero ordine", "Riferimento"),
            *("Zamówienie", "Numer zamówienia", "Encomenda", "注文番号", "订单号"),
        ),
        "sku": (
            *("SKU", "Item SKU", "Lineitem sku", "Item", "Item number", "Item no", "Article"),
            *("Article number", "Product code", "Product SKU", "Part number", "Variant SKU"),
            *("Artikelnummer", "Artikelnr", "Artikel", "Art nr", "Varenummer", "Varenr"),
            *(
                "Tuotenumero",
                "Tuotekoodi",
                "Référence article",
                "Code article",
                "Référence produit",
            ),
            *(
                "Código",
                "Código de artículo",
                "Codice articolo",
                "Kod produktu",
                "品番",
                "商品コード",
            ),
        ),
        "quantity": (
            *("Quantity", "Qty", "Shipped quantity", "Quantity shipped", "Qty shipped", "Units"),
            *("Lineitem quantity", "Pieces", "Pcs", "Count", "Antal", "Kvantitet", "Menge"),
            *("Anzahl", "Stück", "Stückzahl", "Antall", "Määrä", "Aantal", "Quantité", "Qté"),
            *("Cantidad", "Quantità", "Ilość", "Quantidade", "数量"),
        ),
        "tracking_number": (
            *("Tracking number", "Tracking", "Tracking no", "Tracking ID", "Tracking code"),
            *("Tracking numbers", "Track and trace", "Waybill", "AWB", "Consignment"),
            *("Consignment number", "Shipment number", "Parcel number", "Spårningsnummer"),
            *("Spårnummer", "Kollinummer", "Kolli-ID", "Kolli id", "Sändningsnummer", "Fraktsedel"),
            *("Sendungsnummer", "Sendungsverfolgung", "Trackingnummer", "Paketnummer"),
            *("Sporingsnummer", "Sendingsnummer", "Seurantakoodi", "Lähetystunnus"),
            *("Numéro de suivi", "N° de suivi", "Suivi", "Número de seguimiento", "Seguimiento"),
            *("Numero di tracciamento", "Numer przesyłki", "追跡番号", "运单号"),
        ),
        "carrier": (
            *("Carrier", "Courier", "Shipping carrier", "Shipping company", "Shipper", "Service"),
            *("Tracking company", "Shipping method", "Transportör", "Fraktbolag", "Speditör"),
            *("Versanddienstleister", "Spediteur", "Paketdienst", "Versandart", "Transportør"),
            *("Kuljetusyhtiö", "Vervoerder", "Transporteur", "Transportista", "Corriere"),
            *("Przewoźnik", "Transportadora", "配送業者"),
        ),
        "shipped_at": (
            *(
                "Shipped at",
                "Shipped date",
                "Ship date",
                "Shipping date",
                "Date shipped",
                "Shipped",
            ),
            *(
                "Shipment date",
                "Dispatch date",
                "Dispatched",
                "Dispatched at",
                "Shipped on",
                "Date",
            ),
            *("Fulfilled at", "Skickad", "Skickat", "Skickat datum", "Utleveransdatum"),
            *("Leveransdatum", "Skeppad", "Avsänd", "Sändningsdatum", "Datum", "Versanddatum"),
            *("Versendet am", "Lieferdatum", "Sendt", "Forsendelsesdato", "Sendedato", "Dato"),
            *("Lähetyspäivä", "Toimituspäivä", "Päivämäärä", "Verzenddatum", "Date d'expédition"),
            *(
                "Expédié le",
                "Fecha de envío",
                "Fecha",
                "Data di spedizione",
                "Data wysyłki",
                "Data",
            ),
            *("Data de envio", "発送日", "出荷日"),
        ),
    },
    required=("order_name",),
)
"""Suppliers call things as they like; these headings are understood, in any case and order."""


_OTHER_FILES: tuple[tuple[str, frozenset[str]], ...] = (
    ("an export of inventory", frozenset({"handle", "sku", "location"})),
    ("an export of products", frozenset({"handle", "title"})),
    ("an export of customers", frozenset({"totalspent", "totalorders"})),
    ("an export of customers", frozenset({"firstname", "lastname"})),
    ("an export of payouts", frozenset({"payoutdate", "payoutstatus"})),
    ("an export of transactions", frozenset({"order", "kind", "gateway"})),
    ("an export of transactions", frozenset({"name", "kind", "gateway"})),
    ("an export of discount codes", frozenset({"discountclass"})),
)


def looks_like(headings: Sequence[str]) -> str | None:
    """Say which other file this seems to be, going by its headings."""
    seen = {fold(heading) for heading in headings}
    if any("abandoned" in one or "recover" in one for one in seen):
        return "an export of abandoned checkouts"
    for kind, signs in _OTHER_FILES:
        if signs <= seen:
            return kind
    if "fulfillmentstatus" not in seen and "lineitemquantity" in seen:
        return "an export of abandoned checkouts"
    if "fulfillmentstatus" not in seen and {"id", "email", "totalprice"} <= seen:
        return "an export of abandoned checkouts"
    shipment = SHIPMENTS.places(headings)
    if "tracking_number" in shipment and "order_name" in shipment:
        return "a shipment list (give it with --supplier)"
    return None


def shown(headings: Sequence[str]) -> str:
    """List headings for a message, without any that may be somebody's data."""
    harmless = [one.strip()[:30] for one in headings if one.strip() and not _is_data(one)]
    return ", ".join(harmless[:12]) or "none that can be shown"


def _is_data(heading: str) -> bool:
    many = 4
    return "@" in heading or sum(sign.isdigit() for sign in heading) >= many
