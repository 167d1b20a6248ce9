"""What the URL of an Ethereum source says.

`ethereum+https://host/path?confirmations=6`: the node is `https://host/path`, the parameters are ours. A node whose URL
has parameters of its own, and further nodes, come from `PUNKCAST_RPC_URLS`; `ethereum://?…` names no node itself.

| parameter | default | meaning |
|---|---|---|
| `market` | CryptoPunksMarket | address of the market's contract |
| `chain_id` | 1 | the chain that every node must be on |
| `confirmations` | 6 | how many blocks must lie above one that is read |
| `start_block` | where the contract was deployed; 0 on other chains | where the first read begins |
| `in_flight` | 4 | requests at the same time |
| `first_range` | 2000 | blocks to ask for at first; the range then follows what the nodes accept |
| `timeout_s` | 30 | how long a node may take over one request |
| `budget_s` | 20 | how long one pull may take before what it has is stored |
| `punks` | `0x16f5…` (CryptoPunksData) | the punks' attributes: a contract, or a file like `punks.parquet` |
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from shared.errors import InvalidInputError
from shared.sources.ethereum.contract import MARKET_ADDRESS
from shared.sources.ethereum.json_rpc import JsonRpc, Patience
from shared.sources.ethereum.punk_traits import CRYPTOPUNKS_DATA
from shared.sources.ethereum.source import FIRST_BLOCK, EthereumMarket, EthereumSource
from shared.sources.price_source import PriceSource

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_MAINNET: Final = 1
_LIMITS: Final = {
    "chain_id": (1, 2**53),
    "confirmations": (0, 10_000),
    "start_block": (0, 2**32 - 1),
    "in_flight": (1, 64),
    "first_range": (1, 1_000_000),
    "timeout_s": (1, 600),
    "budget_s": (0, 600),
}
_TEXTS: Final = ("market", "punks")


def open_ethereum(url: str, *, rpc_urls: str, price_url: str) -> EthereumSource:
    """The source of this URL, with the nodes of `rpc_urls` (separated by commas) behind its own.

    Raises:
        InvalidInputError: an unknown parameter, one out of its bounds, or no node.
    """
    parts = urlsplit(url)
    market, timeout_s = _market(dict(parse_qsl(parts.query, keep_blank_values=True)))
    nodes = [one.strip() for one in rpc_urls.split(",") if one.strip()]
    if parts.netloc:
        nodes.insert(0, urlunsplit((parts.scheme.partition("+")[2] or "https", parts.netloc, parts.path, "", "")))
    if not nodes:
        raise InvalidInputError(
            "PUNKCAST_SOURCE_URL names no Ethereum node: say ethereum+https://host/path, or set PUNKCAST_RPC_URLS"
        )
    for node in nodes:
        named = urlsplit(node)
        if named.scheme not in ("http", "https") or not named.hostname:
            # Not the whole of it: there may be a key in it.
            raise InvalidInputError(f"a node must be given as http:// or https://, not as {named.scheme or '?'}://…")
    rpc = JsonRpc(
        nodes, chain_id=market.chain_id, in_flight=market.in_flight, patience=Patience(request_s=float(timeout_s))
    )
    return EthereumSource(rpc, market, PriceSource(price_url))


def _market(options: dict[str, str]) -> tuple[EthereumMarket, int]:
    unknown = sorted(set(options) - {*_LIMITS, *_TEXTS})
    if unknown:
        raise InvalidInputError(
            f"PUNKCAST_SOURCE_URL: unknown parameter {unknown[0]!r}; there are {', '.join((*_LIMITS, *_TEXTS))}. "
            "A node whose URL has parameters of its own goes into PUNKCAST_RPC_URLS"
        )
    numbers = {name: _number(name, options[name]) for name in _LIMITS if name in options}
    timeout_s = numbers.pop("timeout_s", 30)
    address = options.get("market", MARKET_ADDRESS).lower()
    if not _ADDRESS.fullmatch(address):
        raise InvalidInputError(f"PUNKCAST_SOURCE_URL: market must be 0x and 40 hexadecimal digits, not {address!r}")
    chain_id = numbers.pop("chain_id", _MAINNET)
    contract_block = FIRST_BLOCK if chain_id == _MAINNET and address == MARKET_ADDRESS else 0
    punks = options.get("punks", CRYPTOPUNKS_DATA)
    if not _ADDRESS.fullmatch(punks) and not Path(punks).is_file():
        raise InvalidInputError(f"PUNKCAST_SOURCE_URL: punks={punks} is neither a contract's address nor a file")
    market = EthereumMarket(
        chain_id=chain_id,
        market=address,
        contract_block=contract_block,
        start_block=numbers.pop("start_block", contract_block),
        punks=punks,
        **{name: numbers[name] for name in ("confirmations", "in_flight", "first_range") if name in numbers},
        budget_s=float(numbers.get("budget_s", 20)),
    )
    return market, timeout_s


def _number(name: str, text: str) -> int:
    least, most = _LIMITS[name]
    if not re.fullmatch(r"[0-9]{1,16}", text) or not least <= int(text) <= most:
        raise InvalidInputError(
            f"PUNKCAST_SOURCE_URL: {name} must be a whole number from {least} to {most}, not {text!r}"
        )
    return int(text)
