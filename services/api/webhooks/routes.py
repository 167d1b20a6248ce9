"""Subscriptions to events. The notifier posts to them."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, Response

from services.api.auth import OPERATOR, Caller, caller_with
from services.api.gateway import gateway_of
from services.api.idempotency import Once, once_with
from services.api.problems import documented
from services.api.webhooks import queries
from services.api.webhooks.schemas import CreatedWebhook, WebhookDocument, WebhookList, WebhookOrder
from shared.errors import ConflictError, NotFoundError
from shared.messaging.transaction import Transaction
from shared.webhooks.addresses import check_url
from shared.webhooks.secret import new_secret

router = APIRouter(tags=["webhooks"])
Subscriber = Annotated[Caller, Depends(caller_with("webhooks"))]
MOST = 20
MOST_UNPROVEN = 5
"""Hosts; one key cannot have many strangers posted to."""


@router.post(
    "/v1/webhooks",
    operation_id="create_webhook",
    summary="Subscribe a URL to events",
    status_code=201,
    response_class=Response,
    responses={201: {"model": CreatedWebhook}, **documented(400, 401, 403, 409, 413, 422, 503)},
)
async def create(order: WebhookOrder, once: Annotated[Once, Depends(once_with("webhooks"))]) -> Response:
    """The response has the secret that signs every delivery; no other response shows it. A key may have 20 webhooks.

    The webhook is `pending` until its URL has answered a challenge: the event `webhook.challenge`, to be answered with
    status 2xx and `{"challenge": …}` of its data. Webhooks of a key may be pending at 5 hosts.
    """
    check_url(order.url, private=once.gateway.config.webhooks_private)
    owner = once.caller.key_id

    async def act(transaction: Transaction) -> CreatedWebhook:
        if await queries.count(transaction.connection, owner) >= MOST:
            raise ConflictError(f"This key already has {MOST} webhooks; delete one first.")
        secret = new_secret()
        at = once.gateway.clock.now()
        filters = await queries.with_known_names(transaction.connection, order.filters)
        known = order.model_copy(update={"filters": filters})
        created = await queries.insert(transaction.connection, uuid4(), owner, known, secret=secret, at=at)
        if await queries.unproven_hosts(transaction.connection, owner) > MOST_UNPROVEN:
            raise ConflictError(
                f"Webhooks of this key at {MOST_UNPROVEN} hosts have not answered their challenge yet; "
                "have them answer, or delete them first."
            )
        return CreatedWebhook(**created.model_dump(exclude={"next_step"}), secret=secret)

    return await once.answer("webhook", order, act, status=201)


@router.get("/v1/webhooks", operation_id="list_webhooks", responses=documented(401, 403, 422, 503))
async def listing(request: Request, caller: Subscriber) -> WebhookList:
    """The webhooks of this key, or all webhooks for the operator."""
    async with gateway_of(request).reading() as connection:
        return WebhookList(items=list(await queries.listing(connection, _owner(caller))))


@router.get("/v1/webhooks/{webhook_id}", operation_id="get_webhook", responses=documented(401, 403, 404, 422, 503))
async def webhook(request: Request, webhook_id: UUID, caller: Subscriber) -> WebhookDocument:
    """A webhook and the state of its deliveries."""
    async with gateway_of(request).reading() as connection:
        return _or_404(await queries.one(connection, webhook_id, _owner(caller)), webhook_id)


@router.delete(
    "/v1/webhooks/{webhook_id}",
    operation_id="delete_webhook",
    status_code=204,
    response_class=Response,
    responses=documented(401, 403, 404, 413, 422, 503),
)
async def delete(request: Request, webhook_id: UUID, caller: Subscriber) -> Response:
    """Delete a webhook and its pending deliveries."""
    async with gateway_of(request).writing(scope="webhooks") as transaction:
        await caller.hold(transaction)
        _or_404(await queries.delete(transaction.connection, webhook_id, _owner(caller)), webhook_id)
    return Response(status_code=204)


@router.post(
    "/v1/webhooks/{webhook_id}/enable",
    operation_id="enable_webhook",
    summary="Enable a webhook that was disabled after repeated failures",
    responses=documented(401, 403, 404, 413, 422, 503),
)
async def enable(request: Request, webhook_id: UUID, caller: Subscriber) -> WebhookDocument:
    """The URL gets another challenge, and then what was not given up. It gets the latter at once if it was active."""
    async with gateway_of(request).writing(scope="webhooks") as transaction:
        await caller.hold(transaction)
        enabled = _or_404(await queries.enable(transaction.connection, webhook_id, _owner(caller)), webhook_id)
        if enabled.state == "disabled":
            raise ConflictError(
                f"The key of the webhook {webhook_id} has ended; its owner subscribes with another key."
            )
        return enabled


def _owner(caller: Caller) -> str | None:
    return None if caller.key_id == OPERATOR else caller.key_id


def _or_404(document: WebhookDocument | None, webhook_id: UUID) -> WebhookDocument:
    if document is None:
        raise NotFoundError(f"This key has no webhook {webhook_id}; GET /v1/webhooks lists them.")
    return document
