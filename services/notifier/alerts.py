"""The subscriptions that the settings create: every URL in `PUNKCAST_ALERT_WEBHOOK_URL` receives every alert."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from shared.database.pool import Connection
from shared.errors import InvalidInputError
from shared.settings import Settings
from shared.webhooks import SETTINGS
from shared.webhooks.addresses import ForbiddenAddressError, check_url
from shared.webhooks.secret import PREFIX, new_secret

EVENT: Final = "alert.raised"
LEAST_SECRET_BYTES: Final = 24
REMOVE_SQL = "delete from webhooks where key_id = $1 and webhook_id <> all($2::uuid[])"
# The operator vouches for the URLs, so no challenge asks them. A start enables again what repeated failures have
# disabled. A random secret ($7) stays what it was at first, so that
# all processes sign with the same one.
SUBSCRIBE_SQL = """
insert into webhooks (webhook_id, key_id, url, events, deal_margin, secret, created_at, proven_at)
values ($1, $2, $3, $4, 0, $5, $6, $6)
on conflict (webhook_id) do update
set secret = case when $7 then webhooks.secret else excluded.secret end,
    proven_at = coalesce(webhooks.proven_at, excluded.proven_at), state = 'active', failing_since = null, failures = 0,
    disabled_reason = null
"""
_NAMESPACE = UUID("0d5c4c55-7f0c-5b7e-8f2b-6f9d1a3e4b60")


@dataclass(frozen=True)
class AlertUrls:
    """Where alerts go, and the secret that signs them; `random`: the settings have none."""

    urls: Sequence[str]
    secret: str
    random: bool


def alert_urls(settings: Settings) -> AlertUrls:
    """From the settings. Without a secret a random one signs, so no receiver can check the signature.

    Raises:
        InvalidInputError: a URL is not http or https, or the secret is not `whsec_` and base64. The text repeats
            neither, because both may be secret.
    """
    given, secret = settings.alert_webhook_url, settings.alert_webhook_secret
    urls = given.get_secret_value().split() if given else []
    for place, url in enumerate(urls, start=1):
        try:
            check_url(url, private=True)
        except ForbiddenAddressError as error:
            raise InvalidInputError(f"PUNKCAST_ALERT_WEBHOOK_URL, number {place}: {error}") from error
    return AlertUrls(urls, _checked(secret.get_secret_value()) if secret else new_secret(), random=secret is None)


async def subscribe(connection: Connection, targets: AlertUrls, *, at: datetime) -> None:
    """Make the settings' subscriptions exactly these. A URL keeps its id, so its pending deliveries survive."""
    ids = [uuid5(_NAMESPACE, url) for url in targets.urls]
    await connection.execute(REMOVE_SQL, SETTINGS, ids)
    for webhook_id, url in zip(ids, targets.urls, strict=True):
        given = (webhook_id, SETTINGS, url, [EVENT], targets.secret, at, targets.random)
        await connection.execute(SUBSCRIBE_SQL, *given)


def _checked(secret: str) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or len(key) < LEAST_SECRET_BYTES:
        raise InvalidInputError(
            f"PUNKCAST_ALERT_WEBHOOK_SECRET must be {PREFIX} and the base64 of at least {LEAST_SECRET_BYTES} bytes; "
            f'`echo "{PREFIX}$(openssl rand -base64 32)"` makes one'
        )
    return secret
