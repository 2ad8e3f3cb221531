"""What Nordlys Living owns and sells: places, services, apps, products.

All names are invented. Each build makes its own dictionaries, in the Admin API's shape.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]


def gid(kind: str, number: int | str) -> str:
    """Shopify's global id of one object."""
    return f"gid://shopify/{kind}/{number}"


# Keys by which stories name a place; the display names are below.
GOTHENBURG = "gothenburg"
MALMO = "malmo"
SODERMALM = "sodermalm"
BALTIC = "baltic"
PRINT = "print"
POSTCARD = "postcard"
DROPLANE = "droplane"
STUDIO = "studio"
UPPSALA = "uppsala"
VASTBERGA = "vastberga"
SHOWROOM = "showroom"


@dataclass(frozen=True)
class Service:
    """A fulfillment service: somebody else who packs, prints or mails."""

    name: str
    callback: str | None
    stock: bool = False
    installed: bool = True

    @property
    def handle(self) -> str:
        """Shopify's handle: the name in lower case with hyphens."""
        return self.name.lower().replace(" ", "-")


@dataclass(frozen=True)
class Place:
    """A location, as its row in Settings > Locations says it."""

    name: str
    city: str
    country: str = "SE"
    online: bool = True
    active: bool = True
    service: Service | None = None
    pickup: bool = False


PLACES = {
    GOTHENBURG: Place("Göteborg, huvudlager", "Göteborg"),
    MALMO: Place("Malmö lager", "Malmö"),
    SODERMALM: Place("Butiken Södermalm", "Stockholm", pickup=True),
    BALTIC: Place(
        "Baltic Fulfilment",
        "Tallinn",
        "EE",
        service=Service("Baltic Fulfilment", "https://api.baltic.example/shopify", stock=True),
    ),
    PRINT: Place(
        "PrintVerk",
        "Riga",
        "LV",
        service=Service("PrintVerk", "https://printverk.example/callbacks"),
    ),
    POSTCARD: Place("Hantverkshuset", "Rättvik", service=Service("Hantverkshuset", None)),
    DROPLANE: Place("DropLane supplier", "Rotterdam", "NL"),
    STUDIO: Place("Ateljé Norr", "Umeå"),
    UPPSALA: Place("Uppsala butik (stängd)", "Uppsala", active=False),
    VASTBERGA: Place(
        "Västberga 3PL",
        "Stockholm",
        service=Service("Västberga 3PL", "https://vastberga.example/hook", installed=False),
    ),
    SHOWROOM: Place("Showroom Nacka", "Nacka", online=False),
}

APPS = {
    name: {"id": gid("App", 4100 + n), "title": name}
    for n, name in enumerate(
        [
            "Baltic Fulfilment",
            "DropLane",
            "Filhyllan Digital",
            "StudioLink",
            "PrintVerk",
            "ForBestall",
            "AddressGuard",
            "SignalShield",
            "OneMore Upsell",
            "Lagerkoll",
            "Frakthubben",
        ],
    )
}

CHANNELS = {
    "web": {"id": gid("OrderApp", 580111), "name": "Online Store"},
    "pos": {"id": gid("OrderApp", 129785), "name": "Point of Sale"},
    "shopify_draft_order": {"id": gid("OrderApp", 1354745), "name": "Draft Orders"},
    "marketplace-connect": {"id": gid("OrderApp", 2329312), "name": "Marketplace Connect"},
}

MANUAL_SERVICE = {
    "id": gid("FulfillmentService", "manual"),
    "handle": "manual",
    "serviceName": "Manual",
    "type": "MANUAL",
}


GIFT_CARD_SERVICE = {
    "id": gid("FulfillmentService", "gift_card"),
    "handle": "gift_card",
    "serviceName": "Gift Card",
    "type": "GIFT_CARD",
}


def service_node(key: str) -> Node:
    """Describe the fulfillment service of a place, without its way back to the location."""
    service = PLACES[key].service
    if service is None:
        return MANUAL_SERVICE
    return {
        "id": gid("FulfillmentService", 7100 + list(PLACES).index(key)),
        "handle": service.handle,
        "serviceName": service.name,
        "type": "THIRD_PARTY",
        "callbackUrl": service.callback,
        "inventoryManagement": service.stock,
        "trackingSupport": service.callback is not None,
        "requiresShippingMethod": True,
    }


def location_nodes() -> dict[str, Node]:
    """Every location by key, as `locations(includeInactive, includeLegacy)` lists them."""
    return {key: _location(key, place, n) for n, (key, place) in enumerate(PLACES.items())}


def _location(key: str, place: Place, n: int) -> Node:
    ready = {"pickupTime": "TWO_TO_FOUR_DAYS", "instructions": "Ring på klockan."}
    service = place.service
    return {
        "id": gid("Location", 88001 + n),
        "name": place.name,
        "isActive": place.active,
        "deactivatedAt": None if place.active else "2026-11-02T09:30:00Z",
        "fulfillsOnlineOrders": place.online,
        "isFulfillmentService": service is not None,
        "hasActiveInventory": place.active,
        "hasUnfulfilledOrders": False,
        "address": {"countryCode": place.country, "provinceCode": None, "city": place.city},
        "fulfillmentService": service_node(key) if service and service.installed else None,
        "localPickupSettingsV2": ready if place.pickup else None,
    }


@dataclass(frozen=True, eq=False)
class Product:
    """Something in the shop's catalog; `stock` pins units on hand per place."""

    title: str
    price: int
    sku: str | None
    home: str = GOTHENBURG
    vendor: str = "Nordlys"
    kind: str = "Home"
    tags: tuple[str, ...] = ()
    variant: str | None = None
    ships: bool = True
    gift: bool = False
    oversell: bool = False
    tracked: bool = True
    also_at: tuple[str, ...] = (MALMO, SODERMALM)
    stock: dict[str, int] | None = None
    incoming: int = 0
    fulfillable: bool = True
    custom: bool = False
    kilos: float = 1.5


def digital(title: str, price: int, sku: str, **more: Any) -> Product:  # noqa: ANN401
    """Describe a product that is a file: nothing to ship, nothing to count."""
    facts = {"kind": "Digital", "vendor": "Nordlys Media", "kilos": 0.0, **more}
    return Product(title, price, sku, ships=False, tracked=False, also_at=(), **facts)


def at_service(title: str, price: int, sku: str | None, home: str, vendor: str) -> Product:
    """Describe goods that lie, or are made, at one service or supplier only."""
    return Product(title, price, sku, home=home, vendor=vendor, also_at=())


def untouchable(title: str, price: int, sku: str | None, kind: str) -> Product:
    """Describe something without a parcel that is no file: work, cover, thanks."""
    return Product(title, price, sku, kind=kind, ships=False, tracked=False, also_at=())


LAMP = Product("Bordslampa Polstjärna", 899, "LMP-001")
BLANKET = Product("Ullpläd Åre", 1290, "PLD-014", variant="Grå / 130×180")
CANDLE = Product("Doftljus Norrsken 🕯️", 249, "LJS-007")
MUG = Product("Mugg Växjö", 149, "MUG-003", variant="Blå\u2028stor")
SHELF = Product("Vägghylla 60\\/80 cm", 749, "HYL-060")
BOWL = Product("=Likhet, skål i stengods", 329, "SKL-022")
TABLE_LAMP_AR = Product("مصباح طاولة شمالي", 999, "LMP-AR1")
CUSHION = Product("כרית נורדית", 459, "KUD-HE1")
RUG = Product("Ryamatta Höga Kusten", 2490, "MAT-101", home=MALMO, also_at=(GOTHENBURG,))
CHAIR = Product("Fåtölj Øresund", 4990, "STL-201", home=MALMO, also_at=())
TRAY = Product("Bricka Ängslycka", 399, "BRK-009", home=MALMO, also_at=(GOTHENBURG,))
VASE = Product("Vas Kåseberga", 549, "VAS-031", home=SODERMALM, also_at=(GOTHENBURG, SHOWROOM))
NO_SKU = Product("Provkollektion tyger", 99, None)
HALLWAY = Product("Hallbänk Ätran", 1890, "BNK-011")
GLASSES = Product("Glas Målerås, 6 st", 690, "GLS-006")

KETTLE = Product("Tekanna Kyrö", 690, "TEK-501", home=BALTIC, also_at=(GOTHENBURG,))
TOWELS = at_service("Handdukar Linnéa, 4 st", 540, "HND-404", BALTIC, "Nordlys")
LINEN = at_service("Linneduk Österlen", 820, "LIN-220", BALTIC, "Nordlys")
UNNUMBERED = at_service("Tygpåse utan artikelnummer", 120, None, BALTIC, "Nordlys")
TWIN_SKU = at_service("Ljusstake Tvilling, mässing", 380, "LJS-TWN", BALTIC, "Nordlys")
TWIN_SKU_2 = at_service("Ljusstake Tvilling, svart", 380, "LJS-TWN", BALTIC, "Nordlys")
POSTER = at_service("Affisch Midnattssol 50×70", 349, "AFF-050", PRINT, "PrintVerk")
CANVAS = at_service("Canvastavla Fjäll", 799, "CNV-070", PRINT, "PrintVerk")
DALA_HORSE = at_service("Dalahäst, handmålad", 640, "DAL-001", POSTCARD, "Hantverkshuset")
WOODEN_SPOON = at_service("Slev i enris", 190, "SLV-002", POSTCARD, "Hantverkshuset")
LED_STRIP = at_service("LED-slinga 5 m", 199, "KGT-LED5", DROPLANE, "Kaigan Trading")
PHONE_STAND = at_service("Mobilställ i bambu", 159, "KGT-BMB", DROPLANE, "Kaigan Trading")
CERAMIC = at_service("Keramikfat, signerat", 1450, "ATN-FAT", STUDIO, "Ateljé Norr")
TEXTILE = at_service("Vävd bonad", 2100, "ATN-BON", STUDIO, "Ateljé Norr")

EBOOK = digital("E-bok: Inred med ljus", 129, "DIG-EBK")
PATTERN = digital("Stickmönster Lovikka (PDF)", 59, "DIG-PTN")
FREE_GUIDE = digital("Gratis guide: Ljussättning", 0, "DIG-FRE")
COURSE = digital("Onlinekurs Vävning, nedladdning", 795, "DIG-CRS")
FLAGGED = Product(
    "Tapetmönster (digital download)",
    189,
    "DIG-TAP",
    kind="Digital",
    tags=("download", "pdf"),
    tracked=False,
    also_at=(),
    kilos=0.0,
)
GIFT_CARD = Product(
    "Presentkort",
    500,
    None,
    kind="Gift card",
    ships=False,
    gift=True,
    tracked=False,
    also_at=(),
)
TIP = Product("Dricks", 20, None, ships=False, tracked=False, fulfillable=False, custom=True)
TIP_PRODUCT = untouchable("Dricks till packarna", 20, "TIP-APP", "Tip")
PROTECTION = untouchable("Shipping Protection", 39, "PROT-01", "Insurance")
ASSEMBLY = untouchable("Montering hemma (tjänst)", 690, "SRV-MNT", "Service")
RENTAL = untouchable("Hyra: partytält 3×6 m", 1200, "HYR-TLT", "Rental")
CONSULTATION = untouchable("Inredningshjälp 60 min", 950, "SRV-INR", "Service")
PREORDER = Product("Taklampa Vintergatan (förbeställ)", 3290, "LMP-PRE", tags=("preorder",))
COFFEE_BOX = Product("Kaffelåda, månadens bönor", 219, "PRN-KAF", kind="Subscription")

# Goods whose stock is itself the story; no other story may touch them.
SHORT = Product("Pall Norrland", 1190, "PAL-001", stock={GOTHENBURG: 2, MALMO: 40})
UNSTOCKED = Product("Golvlampa Kiruna", 2290, "LMP-KIR", stock={MALMO: 25}, also_at=(MALMO,))
INCOMING = Product(
    "Spegel Vättern",
    1690,
    "SPG-001",
    stock={GOTHENBURG: 0, MALMO: 0},
    oversell=True,
    incoming=60,
)
GONE = Product(
    "Matta Siljan, utgående",
    1990,
    "MAT-UTG",
    stock={GOTHENBURG: 1, MALMO: 0},
    oversell=True,
)
HELD_SHORT = Product(
    "Sänglampa Abisko", 1090, "LMP-ABI", stock={GOTHENBURG: 0, MALMO: 0}, incoming=30
)
ARRIVED = Product("Klocka Mora", 2790, "KLO-MOR", stock={GOTHENBURG: 30})
QUEUED = Product("Kruka Gotland", 279, "KRU-GOT", stock={GOTHENBURG: 6, MALMO: 0})

PRODUCTS = [value for value in list(globals().values()) if isinstance(value, Product)]
