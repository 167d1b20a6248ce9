"""`backfill`, `audit chain` and `status`, as an operator runs them."""

from pathlib import Path

from aiohttp import web

from shared.stores import event_repository
from tests.factories import small_market
from tests.factories.contract_market import ContractMarket
from tests.factories.database import Database
from tests.factories.fault_proxy import fault_proxy
from tests.integration.chain.test_kills import home


async def test_an_operator_sees_an_outage_a_hole_and_its_repair(
    chain: ContractMarket, fresh_database_url: str, database: Database, tmp_path: Path
) -> None:
    await database.run(event_repository.store_punks, small_market.PUNKS)
    await chain.trade(71, 60)
    await chain.mine(300)
    async with fault_proxy(chain.url) as proxy:
        operator = home(proxy, chain, fresh_database_url, tmp_path)
        away = [web.Response(status=503) for _ in range(7)]
        proxy.rules.append(lambda body: away.pop() if away else None)
        proxy.distortions.append(
            lambda method, found: (
                [log for log in found if not 20 <= int(log["blockNumber"], 16) < 30]
                if method == "eth_getLogs"
                else found
            )
        )
        read = (await operator.run("backfill")).succeeded()
        assert "next try in 2 s" in read.output
        assert "ETH/USD closes are missing" in read.output
        proxy.distortions.clear()

        lost = await operator.run("audit", "chain", "--node", chain.url)
        assert lost.code == 1
        assert "that are not stored, and lacks 0" in lost.output
        assert "not stored: block 20" in lost.output
        repaired = (await operator.run("backfill", "--from", "0")).succeeded()
        assert "block 20 is wrong: reading again" in repaired.output
        found = (await operator.run("audit", "chain", "--quiet")).succeeded()
        assert "the node has 0 that are not stored, and lacks 0" in found.output

        status = (await operator.run("status")).succeeded()
        assert f"{await chain.head()}, 0 behind the head {await chain.head()}" in status.output
        assert "node 127.0.0.1" in status.output
        assert "days are missing" in status.output
