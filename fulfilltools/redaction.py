"""Secrets taken out of texts, whatever put them there."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

TOKEN = rb"shp(?:at|ss|ca|pa|ua)_[0-9a-fA-F]{32,}"
"""Shopify's access tokens and secrets; https://shopify.dev/changelog/app-secret-key-length-has-increased."""


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
