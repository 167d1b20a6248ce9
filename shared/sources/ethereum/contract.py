"""The CryptoPunksMarket contract and its logs: addresses, events, and the position of each argument.

Signatures come from the verified source of `MARKET_ADDRESS`. The first topic of a log is the keccak-256 of the event's
signature. Indexed arguments are further topics, other arguments are 32-byte words of data, at most one in these events.
"""

from dataclasses import dataclass
from typing import Final

from eth_utils.abi import event_signature_to_log_topic

MARKET_ADDRESS: Final = "0xb47e3cd837ddf8e4c57f05d70ab865de6e193bbb"
FIRST_BLOCK: Final = 3_914_495
"""The block that deployed CryptoPunksMarket on Ethereum."""

WRAPPED_PUNKS: Final = "0xb7f7f6c52f2e2fdb1963eab30438024864c313f6"
"""Wrapped Punks (2020): holds punks and issues an ERC-721 token for each."""
CRYPTOPUNKS_721: Final = "0x000000000000003607fce1ac9e043a86675c5c2f"
"""The later wrapper, CryptoPunks 721."""
WRAPPERS: Final = frozenset({WRAPPED_PUNKS, CRYPTOPUNKS_721})


@dataclass(frozen=True)
class LogLayout:
    """Columns of `RAW_LOG_SCHEMA` with the arguments of an event, None if the event has no such argument. `amount` is
    in wei, except in `Transfer`.
    """

    signature: str
    punk: str | None = None
    amount: str | None = None
    sender: str | None = None
    receiver: str | None = None

    @property
    def name(self) -> str:
        return self.signature.partition("(")[0]

    @property
    def topic(self) -> str:
        """The first topic of these logs, lower-case."""
        return "0x" + event_signature_to_log_topic(self.signature).hex()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns with arguments."""
        return tuple(column for column in (self.punk, self.amount, self.sender, self.receiver) if column)


ASSIGN: Final = LogLayout("Assign(address,uint256)", receiver="topic1", punk="data")
TRANSFER: Final = LogLayout("Transfer(address,address,uint256)", sender="topic1", receiver="topic2", amount="data")
"""The legacy ERC-20 event, with amount 1: the contract emits it just before each change of owner. It is no market
event, but the only log with the buyer of an accepted bid."""
PUNK_TRANSFER: Final = LogLayout(
    "PunkTransfer(address,address,uint256)", sender="topic1", receiver="topic2", punk="data"
)
PUNK_OFFERED: Final = LogLayout("PunkOffered(uint256,uint256,address)", punk="topic1", receiver="topic2", amount="data")
PUNK_BID_ENTERED: Final = LogLayout(
    "PunkBidEntered(uint256,uint256,address)", punk="topic1", sender="topic2", amount="data"
)
PUNK_BID_WITHDRAWN: Final = LogLayout(
    "PunkBidWithdrawn(uint256,uint256,address)", punk="topic1", sender="topic2", amount="data"
)
PUNK_BOUGHT: Final = LogLayout(
    "PunkBought(uint256,uint256,address,address)", punk="topic1", sender="topic2", receiver="topic3", amount="data"
)
PUNK_NO_LONGER_FOR_SALE: Final = LogLayout("PunkNoLongerForSale(uint256)", punk="topic1")

LAYOUTS: Final = (
    ASSIGN,
    TRANSFER,
    PUNK_TRANSFER,
    PUNK_OFFERED,
    PUNK_BID_ENTERED,
    PUNK_BID_WITHDRAWN,
    PUNK_BOUGHT,
    PUNK_NO_LONGER_FOR_SALE,
)
