"""Parser of an Ethereum source's URL; docs/market.md has the parameters.

In `ethereum+https://host/path?confirmations=6`, the node is `https://host/path`, and the parameters belong to the
source. Further nodes, and nodes whose URLs have parameters, come from `PUNKCAST_RPC_URLS`; `ethereum://?…` has no node
itself. Nodes with ws:// or wss:// announce new blocks and are asked nothing.
"""

import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from shared.errors import InvalidInputError
from shared.sources.ethereum.contract import FIRST_BLOCK, MARKET_ADDRESS
from shared.sources.ethereum.json_rpc import JsonRpc, Patience
from shared.sources.ethereum.source import EthereumMarket, EthereumSource
from shared.sources.price_source import PriceSource
from shared.urls import redacted, split

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_MAINNET: Final = 1
_ASKED: Final = ("http", "https")
_ANNOUNCING: Final = ("ws", "wss")
_LIMITS: Final = {
    "chain_id": (1, 2**53),
    "confirmations": (0, 10_000),
    "start_block": (0, 2**32 - 1),
    "in_flight": (1, 64),
    "calls_per_s": (1, 10_000),
    "first_range": (1, 1_000_000),
    "timeout_s": (1, 600),
    "budget_s": (0, 600),
    "poll_s": (0, 600),
}
_TEXTS: Final = ("market", "punks")


def open_ethereum(url: str, *, rpc_urls: str, price_url: str) -> EthereumSource:
    """The source with this URL; the nodes of `rpc_urls` (separated by commas) follow its own.

    Raises:
        InvalidInputError: an unknown parameter, a value out of bounds, or no node.
    """
    parts = split(url, "PUNKCAST_SOURCE_URL")
    market, timeout_s, calls_per_s = _market(dict(parse_qsl(parts.query, keep_blank_values=True)))
    nodes = [url.strip() for url in rpc_urls.split(",") if url.strip()]
    if parts.netloc:
        nodes.insert(0, urlunsplit((parts.scheme.partition("+")[2] or "https", parts.netloc, parts.path, "", "")))
    for node in nodes:
        address = split(node, "a URL of PUNKCAST_RPC_URLS")
        if address.scheme not in (*_ASKED, *_ANNOUNCING) or not address.hostname:
            raise InvalidInputError(
                "a node must be given as http:// or https:// (or ws://, wss:// to announce new blocks), not as "
                f"{redacted(node)}"
            )
    asked = [node for node in nodes if urlsplit(node).scheme in _ASKED]
    if not asked:
        raise InvalidInputError(
            "PUNKCAST_SOURCE_URL names no Ethereum node: say ethereum+https://host/path, or set PUNKCAST_RPC_URLS"
            + (" to its https:// URL; a ws:// or wss:// node only announces new blocks" if nodes else "")
        )
    rpc = JsonRpc(
        asked,
        chain_id=market.chain_id,
        in_flight=market.in_flight,
        calls_per_s=calls_per_s,
        patience=Patience(request_s=float(timeout_s)),
    )
    sockets = [node for node in nodes if node not in asked]
    return EthereumSource(rpc, market, PriceSource(price_url), sockets=sockets)


def _market(options: dict[str, str]) -> tuple[EthereumMarket, int, int | None]:
    """The market, the time limit of a request, and the most calls per second."""
    unknown = sorted(set(options) - {*_LIMITS, *_TEXTS})
    if unknown:
        raise InvalidInputError(
            f"PUNKCAST_SOURCE_URL: unknown parameter {unknown[0]!r}; there are {', '.join((*_LIMITS, *_TEXTS))}. "
            "A node whose URL has parameters of its own goes into PUNKCAST_RPC_URLS"
        )
    numbers = {name: _number(name, options[name]) for name in _LIMITS if name in options}
    timeout_s, chain_id = numbers.pop("timeout_s", 30), numbers.pop("chain_id", _MAINNET)
    calls_per_s = numbers.pop("calls_per_s", None)
    address = options.get("market", MARKET_ADDRESS).lower()
    if not _ADDRESS.fullmatch(address):
        raise InvalidInputError(f"PUNKCAST_SOURCE_URL: market must be 0x and 40 hexadecimal digits, not {address!r}")
    contract_block = FIRST_BLOCK if chain_id == _MAINNET and address == MARKET_ADDRESS else 0
    punks = options.get("punks")
    if punks is not None and not _ADDRESS.fullmatch(punks) and not Path(punks).is_file():
        raise InvalidInputError(f"PUNKCAST_SOURCE_URL: punks={punks} is neither a contract's address nor a file")
    numbers.setdefault("start_block", contract_block)
    market = EthereumMarket(chain_id=chain_id, market=address, contract_block=contract_block, punks=punks, **numbers)
    return market, timeout_s, calls_per_s


def _number(name: str, text: str) -> int:
    least, most = _LIMITS[name]
    if not re.fullmatch(r"[0-9]{1,16}", text) or not least <= int(text) <= most:
        raise InvalidInputError(
            f"PUNKCAST_SOURCE_URL: {name} must be a whole number from {least} to {most}, not {text!r}"
        )
    return int(text)
