"""What can go wrong, as one tree.

FulfillError                  anything this package says about a failure
├── SettingsError             an option, the environment or fulfilltools.toml is wrong
├── ShopifyError              the Admin API did not give what was asked
│   ├── UnreachableError      no answer: address, network, time-out, after all tries
│   ├── AccessError           the shop refuses: token, plan, scope, frozen shop
│   ├── QueryError            the API refused the question itself
│   └── IncompleteError       fewer rows came than Shopify counts
├── RunError                  a run's folder is missing, or cannot be written
│   └── HeldError             another run of the shop is going on
├── TableError                a raw file is not what Shopify sends
├── DeliveryError             a report could not be sent
├── ClusterError              a Dask cluster is not there, was lost, or cannot help
├── CauseError                a cause is written wrong
└── NotebookError             a notebook failed, or was asked for what it does not have

Policy: edges try again and then raise; the centre raises at once; nothing degrades
silently. A message says what happened (with the value), where, and what to do next, in at
most two sentences, and never holds a token, an e-mail or an address.
"""

__all__ = [
    "AccessError",
    "CauseError",
    "ClusterError",
    "DeliveryError",
    "FulfillError",
    "HeldError",
    "IncompleteError",
    "NotebookError",
    "QueryError",
    "RunError",
    "SettingsError",
    "ShopifyError",
    "TableError",
    "UnreachableError",
]


class FulfillError(Exception):
    """Anything this package says about a failure."""

    exit_status = 1
    """What the command exits with (design: 1 failed, 2 wrong usage or settings)."""


class SettingsError(FulfillError):
    """An option, the environment or fulfilltools.toml is wrong."""

    exit_status = 2


class ShopifyError(FulfillError):
    """The Admin API did not give what was asked."""


class UnreachableError(ShopifyError):
    """No answer came: address, network or time-out, after all tries."""


class AccessError(ShopifyError):
    """The shop refuses: token, plan, scope, or the shop is frozen."""


class QueryError(ShopifyError):
    """The API refused the question itself."""


class IncompleteError(ShopifyError):
    """Fewer rows came than Shopify counts."""


class RunError(FulfillError):
    """A run's folder is missing, or cannot be written."""


class HeldError(RunError):
    """Another run of the shop is going on."""


class TableError(FulfillError):
    """A raw file is not what Shopify sends."""


class DeliveryError(FulfillError):
    """A report could not be sent."""


class ClusterError(FulfillError):
    """A Dask cluster is not there, was lost, or cannot help."""


class CauseError(FulfillError):
    """A cause is written wrong."""


class NotebookError(FulfillError):
    """A notebook failed, or was asked for what it does not have."""
