"""Signatures as Standard Webhooks has them (https://www.standardwebhooks.com): any of its libraries checks them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

from shared.errors import InvalidInputError

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def new_secret() -> str:
    """256 bits, as `whsec_` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(secret: str, *, delivery_id: str, at: int, body: bytes) -> dict[str, str]:
    """What goes with a body: its id, the attempt's time (unix seconds) and the HMAC-SHA256 of `id.time.body`.

    Raises:
        InvalidInputError: not a secret of ours.
    """
    mac = hmac.new(_key(secret), f"{delivery_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def _key(secret: str) -> bytes:
    try:
        if not secret.startswith(PREFIX):
            raise ValueError
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidInputError(f"a webhook's secret is {PREFIX} and base64") from error
