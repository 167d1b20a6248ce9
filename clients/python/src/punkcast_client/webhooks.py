"""Lets a receiver check that a delivery is recent and comes from the gateway, and answer its challenge."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from time import time
from typing import Any


class ForgedWebhookError(Exception):
    """The delivery is unsigned, altered or too old."""


def verify_webhook(
    secret: str, headers: Mapping[str, str], body: bytes, *, tolerance_s: float = 300.0, now: float | None = None
) -> dict[str, Any]:
    """Check the signature (Standard Webhooks) and return the body as JSON. `body` is the exact bytes received.

    Raises:
        ForgedWebhookError: a header is missing, the signature differs, or the time is more than `tolerance_s` away.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        identity, at = lowered["webhook-id"], lowered["webhook-timestamp"]
        signatures = [part.partition(",")[2] for part in lowered["webhook-signature"].split() if part.startswith("v1,")]
        age = abs((time() if now is None else now) - int(at))
    except (KeyError, ValueError) as error:
        raise ForgedWebhookError("the headers of a signed webhook are missing") from error
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, f"{identity}.{at}.".encode() + body, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(expected, signature) for signature in signatures):
        raise ForgedWebhookError("the signature does not match")
    if age > tolerance_s:
        raise ForgedWebhookError(f"signed {age:.0f} s away from now")
    document: dict[str, Any] = json.loads(body)
    return document


def challenge_answer(document: Mapping[str, Any]) -> dict[str, str] | None:
    """What to answer as JSON, with status 200, if a verified delivery is a challenge; None for other events."""
    return {"challenge": document["data"]["challenge"]} if document["type"] == "webhook.challenge" else None
