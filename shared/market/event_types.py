"""Types of market events, as named in frames, tables and messages. Imports nothing, because every image has it."""

from typing import Final, TypeAlias

CLAIM: Final = "claim"
LISTED: Final = "listed"
DELISTED: Final = "delisted"
BID: Final = "bid"
BID_WITHDRAWN: Final = "bid_withdrawn"
SALE: Final = "sale"
TRANSFER: Final = "transfer"
WRAP: Final = "wrap"
UNWRAP: Final = "unwrap"
EVENT_TYPES: Final = (CLAIM, LISTED, DELISTED, BID, BID_WITHDRAWN, SALE, TRANSFER, WRAP, UNWRAP)
PRICED_TYPES: Final = (LISTED, BID, SALE)
OWNER_CHANGES: Final = (CLAIM, SALE, TRANSFER, WRAP, UNWRAP)

BUY: Final = "buy"
ACCEPT_BID: Final = "accept_bid"
SALE_KINDS: Final = (BUY, ACCEPT_BID)

Address: TypeAlias = str | None
"""Of a wallet or a contract; None where the events do not name it."""
ZERO_ADDRESS: Final = "0x" + "0" * 40
