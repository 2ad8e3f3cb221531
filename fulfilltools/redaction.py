"""Secrets taken out of texts, whatever put them there."""

from __future__ import annotations

import html
import json
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ADDRESSES = (
    "FULFILLTOOLS_SMTP_URL",
    "FULFILLTOOLS_SLACK_WEBHOOK",
    "FULFILLTOOLS_WEBHOOK",
)
"""What begins so in the environment is an address that lets whoever knows it send."""

TOKEN = rb"shp(?:at|ss|ca|pa|ua)_[0-9a-fA-F]{32,}"
"""Shopify's access tokens and secrets; https://shopify.dev/changelog/app-secret-key-length-has-increased."""


def secret_addresses(environment: Mapping[str, str] = os.environ) -> list[str]:
    """List the addresses that must appear nowhere."""
    return [value for name, value in environment.items() if name.startswith(ADDRESSES) and value]


def without_secrets(content: bytes, secrets: Iterable[str] = ()) -> tuple[bytes, int]:
    """Take out the secrets, and whatever looks like Shopify's; also says how many."""
    known = {
        re.escape(written.encode())
        for secret in secrets
        if secret
        for written in (secret, json.dumps(secret)[1:-1], html.escape(secret))
    }
    return re.subn(
        b"|".join([*sorted(known, key=len, reverse=True), TOKEN]), b"[secret taken out]", content
    )
