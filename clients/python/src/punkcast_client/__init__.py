"""A typed client of a Punkcast gateway.

    with Punkcast("https://punkcast.example") as punkcast:
        print(punkcast.performance().by_horizon["latest"].champion.median_ape)
        for sale in punkcast.outcomes(horizon="24h"):
            print(sale.punk_id, sale.price.eth, sale.value.eth)

`AsyncPunkcast` has the same methods; await them, and read its iterators with `async for`.
"""

from punkcast_client.clients import AsyncPunkcast, Punkcast
from punkcast_client.errors import ProblemError, PunkcastUnavailableError
from punkcast_client.retrying import Retries
from punkcast_client.webhooks import ForgedWebhookError, challenge_answer, verify_webhook

__all__ = [
    "AsyncPunkcast",
    "ForgedWebhookError",
    "ProblemError",
    "Punkcast",
    "PunkcastUnavailableError",
    "Retries",
    "challenge_answer",
    "verify_webhook",
]
