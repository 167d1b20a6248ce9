"""Secrets that sign webhooks, in the form of Standard Webhooks (https://www.standardwebhooks.com)."""

import base64
import secrets
from typing import Final

PREFIX: Final = "whsec_"


def new_secret() -> str:
    """256 random bits, as `whsec_` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
