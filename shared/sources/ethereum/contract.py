"""The CryptoPunksMarket contract as its logs show it: addresses, events, and where each argument lies.

Signatures are those of the verified source of `MARKET_ADDRESS`. A log's first topic is the keccak-256 of its event's
signature; indexed arguments follow as topics, the others are 32-byte words of the data. No event here has more than
one word of data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eth_utils.abi import event_signature_to_log_topic

MARKET_ADDRESS: Final = "0xb47e3cd837ddf8e4c57f05d70ab865de6e193bbb"

WRAPPED_PUNKS: Final = "0xb7f7f6c52f2e2fdb1963eab30438024864c313f6"
"""Wrapped Punks of 2020: a punk transferred to it lives on as an ERC-721 token."""
CRYPTOPUNKS_721: Final = "0x000000000000003607fce1ac9e043a86675c5c2f"
"""The later wrapper, CryptoPunks 721."""
WRAPPERS: Final = frozenset({WRAPPED_PUNKS, CRYPTOPUNKS_721})


@dataclass(frozen=True)
class LogLayout:
    """Where the arguments of one event lie: each of `punk`, `amount`, `sender` and `receiver` is the name of a column
    of `RAW_LOG_SCHEMA`, None where the event has no such argument. `amount` is wei, except that of `Transfer`.
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
        """The first topic of every such log, lower-case."""
        return "0x" + event_signature_to_log_topic(self.signature).hex()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold arguments, in no particular order."""
        return tuple(column for column in (self.punk, self.amount, self.sender, self.receiver) if column)


ASSIGN: Final = LogLayout("Assign(address,uint256)", receiver="topic1", punk="data")
TRANSFER: Final = LogLayout("Transfer(address,address,uint256)", sender="topic1", receiver="topic2", amount="data")
"""The legacy event of an ERC-20 token (always of 1): every change of owner emits it just before its own event. It is
no event of the market, but the only log that names the buyer of an accepted bid."""
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
