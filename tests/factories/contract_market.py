"""People trading punks through the contract of `tests/contract/PunkMarket.sol`, and what should come of it.

What they did is kept as the events one expects, recorded by the traders, not read from a log.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import httpx
from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector

CHAIN_ID = 31337
ZERO = "0x" + "0" * 40
PUNKS = 40
ETH = 10**18

Expected = tuple[str, int, int | None, str | None, str | None]
"""Event type, punk, price in wei, from, to."""


@dataclass
class ContractMarket:
    """The contract at `address`, and who owns, bids and did what."""

    client: httpx.AsyncClient
    address: str
    accounts: list[str]
    owners: dict[int, str] = field(default_factory=dict)
    bids: dict[int, tuple[str, int]] = field(default_factory=dict)
    expected: list[Expected] = field(default_factory=list)

    @classmethod
    async def deployed(cls, client: httpx.AsyncClient, bytecode: str) -> ContractMarket:
        """On a chain without blocks."""
        market = cls(client, ZERO, [])
        await market.rpc("hardhat_reset")
        market.accounts = [account.lower() for account in await market.rpc("eth_accounts")][:8]
        market.address = await market.deploy(bytecode)
        return market

    @property
    def url(self) -> str:
        return str(self.client.base_url)

    async def deploy(self, bytecode: str) -> str:
        """The address of another contract."""
        sent = await self.rpc(
            "eth_sendTransaction", {"from": self.accounts[0], "data": bytecode, "gas": hex(5_000_000)}
        )
        receipt = await self.rpc("eth_getTransactionReceipt", sent)
        assert receipt["status"] == "0x1"
        return str(receipt["contractAddress"]).lower()

    async def rpc(self, method: str, *parameters: Any) -> Any:
        answer = await self.client.post("/", json=_call(method, parameters))
        body = answer.json()
        assert "error" not in body, body
        return body["result"]

    async def head(self) -> int:
        return int(await self.rpc("eth_blockNumber"), 16)

    async def mine(self, blocks: int) -> None:
        """Blocks without transactions. (`hardhat_mine` is quicker, but its blocks do not know their parents.)"""
        await self.client.post("/", json=[_call("evm_mine", [])] * blocks)

    async def trade(self, seed: int, count: int) -> None:
        """`count` transactions of a lively market, a block each."""
        chosen = random.Random(seed)
        await self.send([self._transaction(chosen) for _ in range(count)])

    async def send(self, transactions: list[dict[str, Any]]) -> None:
        """One after the other: the node does not keep the order of a batch."""
        for one in transactions:
            await self.rpc("eth_sendTransaction", one)

    async def snapshot(self) -> tuple[str, Any]:
        """The chain and the people as they are now, for `revert`."""
        state = (dict(self.owners), dict(self.bids), list(self.expected))
        return await self.rpc("evm_snapshot"), state

    async def revert(self, snapshot: tuple[str, Any]) -> None:
        """Everything since then never happened."""
        assert await self.rpc("evm_revert", snapshot[0])
        self.owners, self.bids, self.expected = (part.copy() for part in snapshot[1])

    def claim(self, punk: int, who: str) -> dict[str, Any]:
        self.owners[punk] = who
        self._expect("claim", punk, None, None, who)
        return self._to(who, "getPunk(uint256)", punk)

    def offer(self, punk: int, price: int, only: str | None = None) -> dict[str, Any]:
        owner = self.owners[punk]
        self._expect("listed", punk, price, owner, only)
        return self._to(owner, "offerPunkForSale(uint256,uint256,address)", punk, price, only or ZERO)

    def buy(self, punk: int, price: int, buyer: str) -> dict[str, Any]:
        seller, self.owners[punk] = self.owners[punk], buyer
        # The contract ends the listing before it says who bought.
        self._expect("delisted", punk, None, None, None)
        self._expect("sale", punk, price, seller, buyer)
        if self.bids.get(punk, ("",))[0] == buyer:
            del self.bids[punk]
        return self._to(buyer, "buyPunk(uint256,uint256)", punk, price)

    def bid(self, punk: int, price: int, bidder: str) -> dict[str, Any]:
        self.bids[punk] = (bidder, price)
        self._expect("bid", punk, price, bidder, None)
        return self._to(bidder, "enterBidForPunk(uint256,uint256)", punk, price)

    def withdraw(self, punk: int) -> dict[str, Any]:
        bidder, price = self.bids.pop(punk)
        self._expect("bid_withdrawn", punk, price, bidder, None)
        return self._to(bidder, "withdrawBidForPunk(uint256)", punk)

    def accept(self, punk: int) -> dict[str, Any]:
        seller = self.owners[punk]
        self.owners[punk], price = self.bids.pop(punk)
        self._expect("sale", punk, price, seller, self.owners[punk])
        return self._to(seller, "acceptBidForPunk(uint256)", punk)

    def transfer(self, punk: int, receiver: str) -> dict[str, Any]:
        owner, self.owners[punk] = self.owners[punk], receiver
        self._expect("transfer", punk, None, owner, receiver)
        if self.bids.get(punk, ("",))[0] == receiver:
            del self.bids[punk]
        return self._to(owner, "transferPunk(address,uint256)", receiver, punk)

    def _transaction(self, chosen: random.Random) -> dict[str, Any]:
        punk = chosen.randrange(PUNKS)
        if punk not in self.owners:
            return self.claim(punk, chosen.choice(self.accounts))
        other = chosen.choice([one for one in self.accounts if one != self.owners[punk]])
        price = chosen.randrange(5, 90) * ETH + chosen.randrange(10**15)
        if punk in self.bids:
            return chosen.choice([self.accept, self.accept, self.withdraw])(punk)
        match chosen.randrange(6):
            case 0 | 1:
                return self.offer(punk, price)
            case 2:
                return self.offer(punk, price, only=other)
            case 3:
                return self.buy(punk, price, other)
            case 4:
                return self.bid(punk, price, other)
            case _:
                return self.transfer(punk, other)

    def _expect(self, kind: str, punk: int, price: int | None, sender: str | None, receiver: str | None) -> None:
        self.expected.append((kind, punk, price, sender, receiver))

    def _to(self, sender: str, signature: str, *arguments: Any) -> dict[str, Any]:
        types = signature.partition("(")[2].rstrip(")").split(",")
        data = function_signature_to_4byte_selector(signature) + encode(types, arguments)
        return {"from": sender, "to": self.address, "data": "0x" + data.hex(), "gas": hex(300_000)}


def _call(method: str, parameters: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
