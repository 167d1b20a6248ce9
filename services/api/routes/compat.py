"""The reference platform's agent endpoints, answered from the same memory; docs/api-compatibility.md maps them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import log
from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.api.deals import Z_90
from services.api.gateway import Gateway, gateway_of
from services.api.looking_back import generation_in_force, market_then
from services.api.problems import documented
from services.api.resident.facts import Generation, Market, View
from services.api.resident.offers import JudgedAsk, judged
from services.api.resident.values import ValueRow
from services.api.routes.deals import GAS_ETH, judged_asks
from services.api.routes.punks import no_such_punk
from services.api.shapes.compat import (
    Distribution,
    FairPrice,
    FairPricePlus,
    PricedInterval,
    PunkBody,
    TopDeal,
    TopDeals,
)
from shared.units import ETH

router = APIRouter(prefix="/compat/agents/v2", tags=["compatibility"])

DELAY = timedelta(hours=24)
Many = Annotated[int, Query(ge=1, le=100)]


@router.post(
    "/fair-price",
    operation_id="compat_fair_price",
    summary="Fair price of a punk",
    responses=documented(400, 404, 413, 422, 503),
)
async def fair_price(request: Request, body: PunkBody) -> FairPrice:
    gateway = gateway_of(request)
    generation = gateway.current.require().generation
    return FairPrice(**_fair_price(gateway, generation, _row(generation, body.id_punk)))


@router.post(
    "/fair-price-plus",
    operation_id="compat_fair_price_plus",
    summary="Fair price with intervals and distribution",
    responses=documented(400, 404, 413, 422, 503),
)
async def fair_price_plus(request: Request, body: PunkBody) -> FairPricePlus:
    gateway = gateway_of(request)
    generation = gateway.current.require().generation
    row = _row(generation, body.id_punk)
    quantiles = {
        "0.05": row.lo90_wei,
        "0.1": row.lo80_wei,
        "0.25": row.lo50_wei,
        "0.5": row.value_wei,
        "0.75": row.hi50_wei,
        "0.9": row.hi80_wei,
        "0.95": row.hi90_wei,
    }
    eth = {level: _eth(wei) for level, wei in quantiles.items()}
    # An interval may reach down to nothing; the logarithm then stops at a micro-ETH.
    low, high = max(eth["0.1"], 1e-6), max(eth["0.9"], 1e-6)
    return FairPricePlus(
        **_fair_price(gateway, generation, row),
        confidence=row.confidence,
        intervals={
            "50": PricedInterval(low=eth["0.25"], high=eth["0.75"]),
            "80": PricedInterval(low=eth["0.1"], high=eth["0.9"]),
            "90": PricedInterval(low=eth["0.05"], high=eth["0.95"]),
        },
        distribution=Distribution(quantiles=eth, log_mean=log(eth["0.5"]), log_sd=log(high / low) / (2 * Z_90)),
    )


@router.post(
    "/top-realtime",
    operation_id="compat_top_realtime_post",
    summary="Best deals of the live asks",
    responses=documented(400, 413, 422, 503),
)
@router.get(
    "/top-realtime",
    operation_id="compat_top_realtime",
    summary="Best deals of the live asks",
    responses=documented(422, 503),
)
async def top_realtime(request: Request, limit: Many = 10) -> TopDeals:
    gateway = gateway_of(request)
    view = gateway.current.require()
    asks = (await judged_asks(view, view.generation)).asks
    return _top(view, view.generation, view.market, asks[:limit], delay=timedelta(0))


@router.post(
    "/top",
    operation_id="compat_top_post",
    summary="Best deals of a day ago",
    responses=documented(400, 404, 410, 413, 422, 503),
)
@router.get(
    "/top", operation_id="compat_top", summary="Best deals of a day ago", responses=documented(404, 410, 422, 503)
)
async def top_delayed(request: Request, limit: Many = 10) -> TopDeals:
    gateway = gateway_of(request)
    view = gateway.current.require()
    # To the hour, so that an hour's requests share one look at the past.
    as_of = (gateway.clock.now() - DELAY).replace(minute=0, second=0, microsecond=0)
    generation = await generation_in_force(gateway, as_of)

    market = gateway.past_markets.get(as_of)
    if market is None:
        market = await market_then(gateway, as_of)
        gateway.past_markets.clear()
        gateway.past_markets[as_of] = market
    return _top(view, generation, market, judged(generation, market).asks[:limit], delay=DELAY)


def _row(generation: Generation, punk: int) -> ValueRow:
    place = generation.places.get(punk)
    if place is None:
        raise no_such_punk(punk)
    return generation.rows[place]


def _fair_price(gateway: Gateway, generation: Generation, row: ValueRow) -> dict[str, object]:
    facts = generation.facts
    return {
        "id_punk": row.punk_id,
        "fair_price": _eth(row.value_wei),
        "currency": "ETH",
        "model": facts.model_id,
        "generation": facts.generation_id,
        "as_of": facts.as_of,
        "age_seconds": gateway.current.age_seconds(facts.as_of),
    }


def _top(
    view: View, generation: Generation, market: Market, asks: Sequence[JudgedAsk], *, delay: timedelta
) -> TopDeals:
    deals = []
    for ask in asks:
        row = view.catalogue.punks.get(ask.punk_id)
        deals.append(
            TopDeal(
                id_punk=ask.punk_id,
                type=row.type if row else None,
                ask_price=ask.offer.ask_eth,
                fair_price=ask.offer.value_eth,
                discount=1.0 - ask.offer.ask_eth / ask.offer.value_eth,
                probability=ask.judgement.probability,
                expected_profit=ask.judgement.margin_eth(ask.offer.ask_eth, fee=0.0, gas_eth=GAS_ETH),
            )
        )
    return TopDeals(
        deals=deals,
        count=len(deals),
        delay_seconds=int(delay.total_seconds()),
        model=generation.facts.model_id,
        generation=generation.facts.generation_id,
        as_of=generation.facts.as_of,
        market_as_of=market.facts.last_event_time if market.facts else None,
    )


def _eth(wei: str) -> float:
    return int(wei) / ETH
