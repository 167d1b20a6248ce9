"""The reference platform's agent endpoints, answered from the current view; docs/api-compatibility.md maps them."""

from math import log
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from services.api.compat.schemas import (
    Distribution,
    FairPrice,
    FairPricePlus,
    PricedInterval,
    PunkBody,
    TopDeal,
    TopDeals,
)
from services.api.deals.ranking import judged_asks
from services.api.deals.routes import GAS_ETH
from services.api.gateway import gateway_of
from services.api.problems import documented, no_such_punk
from services.api.view.generation import Generation
from services.api.view.records import ValueRow
from shared.market.deal_odds import Z_90
from shared.units import ETH

router = APIRouter(prefix="/compat/agents/v2", tags=["compatibility"])

Many = Annotated[int, Query(ge=1, le=100)]


@router.post(
    "/fair-price",
    operation_id="compat_fair_price",
    summary="Fair price of a punk",
    responses=documented(400, 404, 413, 422, 503),
)
async def fair_price(request: Request, body: PunkBody) -> FairPrice:
    generation = gateway_of(request).current.require().generation
    return FairPrice(**_fair_price(generation, _row(generation, body.id_punk)))


@router.post(
    "/fair-price-plus",
    operation_id="compat_fair_price_plus",
    summary="Fair price with intervals and distribution",
    responses=documented(400, 404, 413, 422, 503),
)
async def fair_price_plus(request: Request, body: PunkBody) -> FairPricePlus:
    generation = gateway_of(request).current.require().generation
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
        **_fair_price(generation, row),
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
    view = gateway_of(request).current.require()
    asks = (await judged_asks(view, view.generation)).asks[:limit]
    deals = [
        TopDeal(
            id_punk=ask.punk_id,
            type=view.catalogue.type_of(ask.punk_id),
            ask_price=ask.offer.ask_eth,
            fair_price=ask.offer.value_eth,
            discount=1.0 - ask.offer.ask_eth / ask.offer.value_eth,
            probability=ask.judgement.probability,
            expected_profit=ask.judgement.margin_eth(ask.offer.ask_eth, fee=0.0, gas_eth=GAS_ETH),
        )
        for ask in asks
    ]
    record, market = view.generation.record, view.market.as_of
    return TopDeals(
        deals=deals,
        count=len(deals),
        model=record.model_id,
        generation=record.generation_id,
        as_of=record.as_of,
        market_as_of=market.time if market else None,
    )


def _row(generation: Generation, punk: int) -> ValueRow:
    if punk not in generation:
        raise no_such_punk(punk)
    return generation.row(punk)


def _fair_price(generation: Generation, row: ValueRow) -> dict[str, Any]:
    return {
        "id_punk": row.punk_id,
        "fair_price": _eth(row.value_wei),
        "currency": "ETH",
        "model": generation.record.model_id,
        "generation": generation.record.generation_id,
        "as_of": generation.record.as_of,
    }


def _eth(wei: str) -> float:
    return int(wei) / ETH
