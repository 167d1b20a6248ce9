"""A gateway's performance and backtest, recomputed from the outcomes that it hands out.

    python -m tests.e2e.record_check http://127.0.0.1:8000

Of any gateway, for example one over the record of a replay of real history. Exit code 1 names what differs.
"""

import asyncio
import sys
from typing import Any

import httpx

from tests.integration.api import recomputed, recomputed_backtest

HORIZONS = ("latest", "24h", "7d")


async def check_record(client: httpx.AsyncClient) -> str:
    """What was compared, in a sentence. Raises AssertionError where an answer is not what the outcomes say."""
    download = await client.get("/v1/outcomes", params={"format": "csv"})
    rows = recomputed.outcome_rows(download.raise_for_status().content)
    for horizon in HORIZONS:
        performance = (await client.get("/v1/performance", params={"horizon": horizon})).raise_for_status().json()
        recomputed.assert_same(recomputed.scorecard(rows, horizon), recomputed.flattened(performance))
    document = (await client.get("/v1/backtest")).raise_for_status().json()
    curves = (await client.get("/v1/backtest/equity")).raise_for_status().json()["curves"]
    trades = [trade for book in document["books"] for trade in await _trades(client, book["book"])]
    compared = recomputed_backtest.check(rows, document, trades, curves)
    return f"{len(rows):,} outcomes; trades: " + ", ".join(f"{name} {count}" for name, count in compared.items())


async def _trades(client: httpx.AsyncClient, book: str) -> list[dict[str, Any]]:
    trades: list[dict[str, Any]] = []
    asked: dict[str, str | int] = {"book": book, "limit": 200}
    while True:
        page = (await client.get("/v1/backtest/trades", params=asked)).raise_for_status().json()
        trades += page["items"]
        if page["next_cursor"] is None:
            return trades
        asked["cursor"] = page["next_cursor"]


async def _main(url: str) -> int:
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:
        try:
            sys.stdout.write(f"the same: {await check_record(client)}\n")
        except AssertionError as error:
            sys.stdout.write(f"not the same: {error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(sys.argv[1])))
