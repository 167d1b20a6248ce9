"""Live asks by the probability that the punk is worth more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from services.api import cursors
from services.api.answers import stamped
from services.api.config import digest
from services.api.gateway import gateway_of
from services.api.listing import known_name
from services.api.paging import Cursor
from services.api.problems import BadCursorError, documented
from services.api.resident.facts import Generation, View
from services.api.resident.offers import JudgedAsk, JudgedAsks, judged
from services.api.resident.rendering import instant, money_member
from services.api.routes.punks import NOT_MODIFIED
from services.api.shapes.deals import DealsDocument

router = APIRouter(tags=["market"])

GAS_ETH = 0.002
"""Of buying and selling: some 300,000 gas at 7 gwei."""


@router.get(
    "/v1/deals",
    operation_id="list_deals",
    summary="Live asks ranked by the probability that the punk is worth more",
    response_class=Response,
    responses={200: {"model": DealsDocument}, **NOT_MODIFIED, **documented(400, 410, 422, 503)},
)
async def deals(
    request: Request,
    *,
    min_probability: Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)] = 0.5,
    fee_percent: Annotated[
        float,
        Query(ge=0, le=50, allow_inf_nan=False, description="Of the later sale; the punks' own market takes none"),
    ] = 0.0,
    gas_eth: Annotated[float, Query(ge=0, le=10, allow_inf_nan=False, description="Of both transactions")] = GAS_ETH,
    type: Annotated[str | None, Query(max_length=60)] = None,  # noqa: A002
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Cursor = None,
) -> Response:
    gateway = gateway_of(request)
    view = gateway.current.require()
    kind = known_name("type", type, view.catalogue.types) if type is not None else None
    scope = digest("deals", str(min_probability), str(kind))
    generation, after = view.generation, None
    if cursor is not None:
        position = cursors.decode(cursor, gateway.config.cursor_key, scope=scope, keys=2)
        try:
            first, second = map(int, position.key)
        except ValueError as error:
            raise BadCursorError("The cursor is damaged or was not made by this API.") from error
        generation, after = await gateway.follower.generation(position.generation), (first, second)
    asks = await judged_asks(view, generation)
    found = [
        ask
        for ask in asks.asks
        if ask.judgement.probability >= min_probability
        and (after is None or ask.rank < after)
        and (kind is None or _type(view, ask.punk_id) == kind)
    ]
    following = None
    if len(found) > limit:
        key = tuple(map(str, found[limit - 1].rank))
        following = cursors.encode(
            cursors.Position(scope, generation.facts.generation_id, key), gateway.config.cursor_key
        )
    rest = {
        "fee_percent": fee_percent,
        "gas_eth": gas_eth,
        "min_probability": min_probability,
        "prior": {"asks": asks.prior.asks, "mean": asks.prior.mean, "spread": asks.prior.spread}
        if asks.prior.asks
        else None,
        "items": _items(view, generation, found[:limit], fee=fee_percent / 100, gas_eth=gas_eth),
        "next_cursor": following,
    }
    body = b"%b,%b,%b" % (generation.head, view.market.head, orjson.dumps(rest)[1:])
    return stamped(request, gateway, generation, f"g{generation.facts.generation_id}.{view.market.tag}", body)


async def judged_asks(view: View, generation: Generation) -> JudgedAsks:
    """The view's asks by the values of a generation."""
    name = f"judged {generation.facts.generation_id}"
    return await view.renditions.get(name, lambda: judged(generation, view.market))


def _type(view: View, punk: int) -> str | None:
    row = view.catalogue.punks.get(punk)
    return row.type if row else None


def _items(
    view: View, generation: Generation, asks: Sequence[JudgedAsk], *, fee: float, gas_eth: float
) -> list[dict[str, object]]:
    items: list[dict[str, object]] = []
    for ask in asks:
        row, market = generation.rows[generation.places[ask.punk_id]], view.market.rows[ask.punk_id]
        margin = ask.judgement.margin_eth(ask.offer.ask_eth, fee=fee, gas_eth=gas_eth)
        items.append(
            {
                "punk_id": ask.punk_id,
                "type": _type(view, ask.punk_id),
                "ask": {
                    "price": money_member(market.ask_wei),
                    "seller": market.ask_seller,
                    "since": instant(market.ask_time) if market.ask_time else None,
                    "block": market.ask_block,
                },
                "value": money_member(row.value_wei),
                "lo80": money_member(row.lo80_wei),
                "hi80": money_member(row.hi80_wei),
                "confidence": row.confidence,
                "discount": 1.0 - ask.offer.ask_eth / ask.offer.value_eth,
                "probability": ask.judgement.probability,
                "shrunk_value_eth": ask.judgement.worth_eth,
                "expected_margin_eth": margin,
                "expected_return": margin / (ask.offer.ask_eth + gas_eth),
            }
        )
    return items
