"""Live asks by the probability that the punk is worth more."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.api.config import digest
from services.api.deals.ranking import JudgedAsk, judged_asks
from services.api.deals.schemas import Deal, DealPrior, DealsDocument
from services.api.documents import encode
from services.api.gateway import gateway_of
from services.api.money import money
from services.api.paging import Cursor, generation_asked, next_cursor
from services.api.problems import NOT_MODIFIED, documented
from services.api.punks.search import known_name
from services.api.responses import respond
from services.api.view.current import View
from services.api.view.generation import Generation
from services.api.view.market import ask_of
from services.api.view.ready import ready_answer

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
    generation, after = await generation_asked(gateway, view, scope, cursor)
    asks = await judged_asks(view, generation)
    found = [
        ask
        for ask in asks.asks
        if ask.judgement.probability >= min_probability
        and (after is None or ask.rank < after)
        and (kind is None or view.catalogue.type_of(ask.punk_id) == kind)
    ]
    prior = DealPrior(asks=asks.prior.asks, mean=asks.prior.mean, spread=asks.prior.spread)
    document = DealsDocument(
        generation=generation.document,
        market_as_of=view.market.as_of,
        fee_percent=fee_percent,
        gas_eth=gas_eth,
        min_probability=min_probability,
        prior=prior if prior.asks else None,
        items=_items(view, generation, found[:limit], fee=fee_percent / 100, gas_eth=gas_eth),
        next_cursor=next_cursor(gateway, scope, generation, found[limit - 1].rank if len(found) > limit else None),
    )
    return respond(request, gateway, ready_answer(generation.record, view.tag_of(generation), encode(document)))


def _items(view: View, generation: Generation, asks: Sequence[JudgedAsk], *, fee: float, gas_eth: float) -> list[Deal]:
    items = []
    for judged_ask in asks:
        offer, judgement = judged_ask.offer, judged_ask.judgement
        row, ask = generation.row(judged_ask.punk_id), ask_of(view.market.rows[judged_ask.punk_id])
        if ask is None:
            continue
        margin = judgement.margin_eth(offer.ask_eth, fee=fee, gas_eth=gas_eth)
        items.append(
            Deal(
                punk_id=row.punk_id,
                type=view.catalogue.type_of(row.punk_id),
                ask=ask,
                value=money(row.value_wei),
                lo80=money(row.lo80_wei),
                hi80=money(row.hi80_wei),
                confidence=row.confidence,
                discount=1.0 - offer.ask_eth / offer.value_eth,
                probability=judgement.probability,
                shrunk_value_eth=judgement.worth_eth,
                expected_margin_eth=margin,
                expected_return=margin / (offer.ask_eth + gas_eth),
            )
        )
    return items
