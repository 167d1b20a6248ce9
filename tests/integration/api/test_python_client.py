"""The Python client against the real gateway: every call is understood, every answer fits its model."""

import httpx
import pytest
from punkcast_client import AsyncPunkcast, ProblemError

from tests.integration.api import filling
from tests.integration.api.conftest import OPERATOR_KEY, Served
from tests.integration.api.filling import Happening


async def test_every_call_is_understood(served: Served, model: str) -> None:
    await served.database.run(filling.happen, Happening("sale", 1, 5, 41.0, "0x1", "0x2"))
    generation = served.gateway.current.require().generation.record.generation_id
    await served.database.run(filling.score, generation=generation, model=model, punk=1, value_eth=42.0)
    transport = served.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    async with AsyncPunkcast("http://gateway", api_key=OPERATOR_KEY, transport=transport) as punkcast:
        assert (await punkcast.punk(7)).punk_id == 7
        assert len([punk async for punk in punkcast.punks(limit=25)]) == 60
        assert (await punkcast.performance()).by_horizon["latest"].champion.n == 1
        (sale,) = [sale async for sale in punkcast.outcomes(horizon="latest", exclusions=True)]
        assert sale.price.wei == 41 * 10**18
        assert [found.model_id async for found in punkcast.models(state="champion")] == [model]
        assert [event.kind async for event in punkcast.lifecycle(kind=["promoted"])] == ["promoted"]
        asked = await punkcast.request_training("drift", idempotency_key="one")
        assert (await punkcast.request_training("drift", idempotency_key="one")).request_id == asked.request_id
        assert (await punkcast.cancel_training(asked.request_id)).status == "cancelled"
        assert [one.status async for one in punkcast.training_requests(reason="drift")] == ["cancelled"]
        made = await punkcast.create_webhook("https://example.org/hook", ["sale.scored"])
        assert made.secret
        assert [one.webhook_id async for one in punkcast.webhooks()] == [made.webhook_id]
        await punkcast.delete_webhook(made.webhook_id)
        with pytest.raises(ProblemError) as refused:
            await punkcast.quarantine(model, "a try")
        assert refused.value.slug == "conflict"
        with pytest.raises(ProblemError) as nothing:
            await punkcast.backtest()
        assert nothing.value.slug == "not-found"
