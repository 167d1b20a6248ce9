"""People trading punks through the contract of `tests/contract/PunkMarket.sol`, and what should come of it."""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector

from tests.factories.punks_contract import NOBODY, PunksContract

CHAIN_ID = 31337
PUNKS = 40
ETH = 10**18


@dataclass
class ContractMarket:
    """The contract at `address`, and what people did with it."""

    client: httpx.AsyncClient
    address: str
    accounts: list[str]
    played: PunksContract = field(default_factory=PunksContract)
    """The same calls in Python: who owns and bids, and the events that should come of it."""

    @classmethod
    async def deployed(cls, client: httpx.AsyncClient, bytecode: str) -> ContractMarket:
        """On a new chain."""
        market = cls(client, NOBODY, [])
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

    async def newest_time(self) -> datetime:
        """The time of the newest block."""
        block = await self.rpc("eth_getBlockByNumber", "latest", False)
        return datetime.fromtimestamp(int(block["timestamp"], 16), UTC)

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

    async def snapshot(self) -> tuple[str, PunksContract]:
        """The chain and the market as they are now, for `revert`."""
        return await self.rpc("evm_snapshot"), deepcopy(self.played)

    async def revert(self, snapshot: tuple[str, PunksContract]) -> None:
        """Everything since then never happened."""
        state, self.played = snapshot
        assert await self.rpc("evm_revert", state)

    def claim(self, punk: int, who: str) -> dict[str, Any]:
        self.played.get_punk(who, punk)
        return self._to(who, "getPunk(uint256)", punk)

    def offer(self, punk: int, price: int, only: str = NOBODY) -> dict[str, Any]:
        owner = self.played.owners[punk]
        self.played.offer_punk_for_sale(owner, punk, price, only)
        return self._to(owner, "offerPunkForSale(uint256,uint256,address)", punk, price, only)

    def withdraw_offer(self, punk: int) -> dict[str, Any]:
        owner = self.played.owners[punk]
        self.played.punk_no_longer_for_sale(owner, punk)
        return self._to(owner, "punkNoLongerForSale(uint256)", punk)

    def buy(self, punk: int, price: int, buyer: str) -> dict[str, Any]:
        """Whether or not it was offered: this contract stops nobody."""
        self.played.offers[punk] = (self.played.owners[punk], price, NOBODY)
        self.played.buy_punk(buyer, punk, price)
        return self._to(buyer, "buyPunk(uint256,uint256)", punk, price)

    def bid(self, punk: int, price: int, bidder: str) -> dict[str, Any]:
        self.played.enter_bid_for_punk(bidder, punk, price)
        return self._to(bidder, "enterBidForPunk(uint256,uint256)", punk, price)

    def withdraw(self, punk: int) -> dict[str, Any]:
        bidder, _ = self.played.bids[punk]
        self.played.withdraw_bid_for_punk(bidder, punk)
        return self._to(bidder, "withdrawBidForPunk(uint256)", punk)

    def accept(self, punk: int) -> dict[str, Any]:
        seller = self.played.owners[punk]
        self.played.accept_bid_for_punk(seller, punk)
        return self._to(seller, "acceptBidForPunk(uint256)", punk)

    def transfer(self, punk: int, receiver: str) -> dict[str, Any]:
        owner = self.played.owners[punk]
        self.played.offers.pop(punk, None)  # this contract does not say that a listing ended
        self.played.transfer_punk(owner, receiver, punk)
        return self._to(owner, "transferPunk(address,uint256)", receiver, punk)

    def _transaction(self, chosen: random.Random) -> dict[str, Any]:
        punk = chosen.randrange(PUNKS)
        if punk not in self.played.owners:
            return self.claim(punk, chosen.choice(self.accounts))
        other = chosen.choice([one for one in self.accounts if one != self.played.owners[punk]])
        price = chosen.randrange(5, 90) * ETH + chosen.randrange(10**15)
        if punk in self.played.bids:
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

    def _to(self, sender: str, signature: str, *arguments: Any) -> dict[str, Any]:
        types = signature.partition("(")[2].rstrip(")").split(",")
        data = function_signature_to_4byte_selector(signature) + encode(types, arguments)
        return {"from": sender, "to": self.address, "data": "0x" + data.hex(), "gas": hex(300_000)}


def _call(method: str, parameters: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
