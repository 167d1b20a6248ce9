"""One POST to a webhook, and what its answer means. Alerts and subscriptions share it."""

from __future__ import annotations

from typing import Final

import httpx

from shared.errors import PermanentError, TransientError
from shared.webhooks.addresses import Target

TIMEOUT_S = 5.0
WORTH_ANOTHER_TRY: Final = frozenset({408, 425, 429})


class WebhookUnavailableError(TransientError, ConnectionError):
    """The webhook does not answer or says it cannot now: an outage, waited out however long it lasts."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.answered = status


class WebhookRefusedError(PermanentError):
    """The webhook refuses the body; it would refuse it again."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.answered = status


async def post(
    client: httpx.AsyncClient, url: str, body: bytes, headers: dict[str, str], *, at: Target | None = None
) -> int:
    """Post JSON; the answer's status, 200 to 299. What the answer says beside is not read. With a target the
    connection goes to its address, while the certificate is still that of the host.

    Raises:
        WebhookUnavailableError: no answer, 5xx, or a status that asks to come again.
        WebhookRefusedError: any other, redirects too.
    """
    # The path of a webhook is often its password: only the host is ever named.
    host = httpx.URL(url).host
    target, extensions = httpx.URL(url), {}
    if at is not None:
        target = target.copy_with(host=at.address)
        headers = {**headers, "Host": httpx.URL(url).netloc.decode()}
        extensions = {"sni_hostname": at.host}
    request = client.build_request(
        "POST", target, content=body, headers={"Content-Type": "application/json", **headers}, extensions=extensions
    )
    try:
        answer = await client.send(request, stream=True)
        await answer.aclose()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WebhookUnavailableError(f"the webhook at {host} does not answer: {type(error).__name__}") from error
    if answer.is_success:
        return answer.status_code
    text = f"the webhook at {host} answered {answer.status_code}"
    if answer.is_server_error or answer.status_code in WORTH_ANOTHER_TRY:
        raise WebhookUnavailableError(text, answer.status_code)
    raise WebhookRefusedError(text, answer.status_code)
