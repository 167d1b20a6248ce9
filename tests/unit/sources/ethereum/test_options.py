from pathlib import Path

import pytest

from shared.errors import InvalidInputError
from shared.sources.ethereum.contract import FIRST_BLOCK, MARKET_ADDRESS
from shared.sources.ethereum.source import EthereumMarket, EthereumSource
from shared.sources.source import BlockSource, MarketSource, open_source

OTHER = "0x" + "Ab" * 20


async def opened(url: str, rpc_urls: str = "") -> tuple[EthereumMarket, list[str]]:
    source = open_source(url, rpc_urls=rpc_urls)
    assert isinstance(source, EthereumSource)
    await source.close()
    return source._market, list(source._rpc.urls)


async def test_by_default_it_is_the_real_market_up_to_the_head() -> None:
    market, urls = await opened("ethereum+https://node.example/v3/key")
    assert urls == ["https://node.example/v3/key"]
    assert market == EthereumMarket()
    assert (market.chain_id, market.market, market.confirmations) == (1, MARKET_ADDRESS, 0)
    assert market.start_block == market.contract_block == FIRST_BLOCK


async def test_every_parameter_is_heard(tmp_path: Path) -> None:
    punks = tmp_path / "punks.parquet"
    punks.touch()
    market, urls = await opened(
        f"ethereum+http://127.0.0.1:8545?market={OTHER}&chain_id=31337&confirmations=3&start_block=7&in_flight=9"
        f"&first_range=50&timeout_s=5&budget_s=3&poll_s=1&punks={punks}"
    )
    assert urls == ["http://127.0.0.1:8545"]
    assert market == EthereumMarket(31337, OTHER.lower(), 3, 7, 0, str(punks), 9, 50, 3.0, 1)


async def test_nodes_with_a_query_of_their_own_come_from_the_setting() -> None:
    _, urls = await opened("ethereum://?confirmations=2", " https://a.example/?apikey=1 ,http://b.example,")
    assert urls == ["https://a.example/?apikey=1", "http://b.example"]
    _, urls = await opened("ethereum+https://first.example", "https://second.example")
    assert urls == ["https://first.example", "https://second.example"]


async def test_a_node_over_websocket_announces_and_is_asked_nothing() -> None:
    source = open_source("ethereum+wss://a.example/key", rpc_urls="https://a.example/key, ws://b.example")
    assert isinstance(source, EthereumSource)
    await source.close()
    assert (list(source._rpc.urls), source._sockets) == (
        ["https://a.example/key"],
        ["wss://a.example/key", "ws://b.example"],
    )


async def test_a_chain_is_a_source_of_blocks_and_files_are_not(tmp_path: Path) -> None:
    source = open_source("ethereum+https://node.example")
    assert isinstance(source, BlockSource)
    await source.close()
    recorded: MarketSource | BlockSource = open_source("simulated://?seed=1&days=1&history_days=1")
    assert not isinstance(recorded, BlockSource)


@pytest.mark.parametrize(
    ("url", "rpc_urls", "said"),
    [
        ("ethereum://", "", "names no Ethereum node"),
        ("ethereum+wss://host/secret-key", "", "names no Ethereum node.*only announces new blocks"),
        ("ethereum+ftp://host", "", "not as ftp://"),
        ("ethereum+https://host?poll_s=0.5", "", "poll_s must be a whole number from 0 to 600"),
        ("ethereum://", "secret-key", "given as http:// or https://"),
        ("ethereum+https://host?apikey=1", "", "unknown parameter 'apikey'.*PUNKCAST_RPC_URLS"),
        ("ethereum+https://host?market=0x12", "", "market must be 0x and 40"),
        ("ethereum+https://host?punks=nowhere.parquet", "", "neither a contract's address nor a file"),
        ("ethereum+https://host?confirmations=-1", "", "confirmations must be a whole number from 0"),
        ("ethereum+https://host?confirmations=", "", "confirmations must be a whole number"),
        ("ethereum+https://host?in_flight=0", "", "in_flight must be a whole number from 1 to 64"),
        ("ethereum+https://host?chain_id=one", "", "chain_id must be a whole number"),
        ("ether://host", "", "unknown scheme"),
    ],
)
def test_what_makes_no_sense_is_refused(url: str, rpc_urls: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said) as caught:
        open_source(url, rpc_urls=rpc_urls)
    assert "secret-key" not in str(caught.value)
