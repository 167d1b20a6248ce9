"""Raw logs of the CryptoPunksMarket contract to canonical market events: pure, vectorised, exact.

Every log but the legacy `Transfer` is one event and keeps its place. What logs leave out is restored from what came
before them; `docs/market.md` tells how, log by log.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import polars as pl

from shared.errors import InvalidInputError, PermanentError
from shared.market.event_types import (
    ACCEPT_BID,
    BID,
    BID_WITHDRAWN,
    BUY,
    CLAIM,
    DELISTED,
    LISTED,
    OWNER_CHANGES,
    SALE,
    UNWRAP,
    WRAP,
    ZERO_ADDRESS,
)
from shared.market.event_types import TRANSFER as TRANSFERRED
from shared.market.events import EVENT_SCHEMA, validate
from shared.sources.ethereum.bids import StandingBid, StandingBids
from shared.sources.ethereum.contract import (
    ASSIGN,
    LAYOUTS,
    MARKET_ADDRESS,
    PUNK_BID_ENTERED,
    PUNK_BID_WITHDRAWN,
    PUNK_BOUGHT,
    PUNK_NO_LONGER_FOR_SALE,
    PUNK_OFFERED,
    PUNK_TRANSFER,
    TRANSFER,
    WRAPPERS,
    LogLayout,
)
from shared.sources.ethereum.raw_logs import TOPICS, place
from shared.sources.ethereum.words import address, broken_address, broken_number, decimal_text, number

_LAST_PUNK: Final = 9_999
_EVENT_TYPES: Final = {
    ASSIGN: CLAIM,
    PUNK_TRANSFER: TRANSFERRED,
    PUNK_OFFERED: LISTED,
    PUNK_BID_ENTERED: BID,
    PUNK_BID_WITHDRAWN: BID_WITHDRAWN,
    PUNK_BOUGHT: SALE,
    PUNK_NO_LONGER_FOR_SALE: DELISTED,
}
_NAMED: Final = 3
"""How many missing bids the text of an error names."""


@dataclass(frozen=True)
class MissingBid:
    """An accepted bid whose price is not known; the place is that of its `PunkBought` log."""

    punk_id: int
    block: int
    log_index: int


class MissingBidsError(PermanentError):
    """Bids were accepted that stand in none of the logs and events seen so far."""

    status = 422
    slug = "missing-bids"

    def __init__(self, missing: tuple[MissingBid, ...]) -> None:
        self.missing = missing
        named = "; ".join(
            f"punk {bid.punk_id} at block {bid.block}, log_index {bid.log_index}" for bid in missing[:_NAMED]
        )
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        super().__init__(
            f"the price of {len(missing)} accepted bid(s), placed before these logs, is not known ({named}{more}); "
            "import the earlier events first, give them with --history FILE, or read from a node"
        )


def decode(
    logs: pl.DataFrame,
    bids: StandingBids,
    *,
    market: str = MARKET_ADDRESS,
    wrappers: Collection[str] = WRAPPERS,
) -> pl.DataFrame:
    """The market events (`EVENT_SCHEMA`) of these logs (`RAW_LOG_SCHEMA`, as `raw_logs` gives them).

    Logs of other contracts are left out. `bids` is what stood before the first log; it follows the events once all
    of them are decoded, and stays as it was when anything is wrong. The seller of a listing is the punk's owner, null
    while neither the logs nor what came before tell who that is.

    Raises:
        InvalidInputError: a log of the market that its contract cannot have emitted.
        MissingBidsError: an accepted bid that is not known.
    """
    logs = market_logs(logs, "logs", market=market)
    events, after = _events(logs, [wrapper.lower() for wrapper in wrappers]), bids.copy()
    events = _with_accepted_bids(events, after.advance(events))
    events = validate(_with_sellers(events, bids), "decoded logs")
    bids.become(after)
    return events


def market_logs(logs: pl.DataFrame, where: str, *, market: str = MARKET_ADDRESS) -> pl.DataFrame:
    """The logs of the market's contract, each of which is one that the contract can have emitted.

    Raises:
        InvalidInputError: one that is not; `where` names the page.
    """
    logs = logs.filter(pl.col("address") == market.lower())
    known = [layout.topic for layout in LAYOUTS]
    foreign = logs.filter(~pl.col("topic0").is_in(known))
    if foreign.height:
        raise InvalidInputError(
            f"{where}: the log at {place(foreign)} is no event of CryptoPunksMarket (topic0 {foreign['topic0'][0]})"
        )
    for layout in LAYOUTS:
        part = logs.filter(pl.col("topic0") == layout.topic)
        for broken, rule in _rules(layout) if part.height else ():
            wrong = part.filter(broken)
            if wrong.height:
                raise InvalidInputError(f"{where}: the log at {place(wrong)}: {layout.name} {rule}")
    return logs


def _rules(layout: LogLayout) -> list[tuple[pl.Expr, str]]:
    """(expression that is true where the rule is broken, the rule in words)."""
    rules = []
    for name in TOPICS[1:]:
        if name in layout.columns:
            rules.append((pl.col(name).is_null(), f"must have {name}"))
        else:
            rules.append((pl.col(name).is_not_null(), f"must not have {name}"))
    width = 66 if "data" in layout.columns else 2
    rules.append((pl.col("data").str.len_bytes() != width, f"must have {width // 2 - 1} bytes of data"))
    if layout.punk:
        rules.append((broken_number(layout.punk, _LAST_PUNK), f"must name a punk from 0 to {_LAST_PUNK}"))
    for party in (layout.sender, layout.receiver):
        if party:
            rules.append((broken_address(party), f"must have an address as {party}"))
    if layout is PUNK_BOUGHT:
        nobody = address("topic3") == ZERO_ADDRESS
        rules.append((nobody & broken_number("data", 0), "must name the buyer of a punk that was paid for"))
    return rules


def _events(logs: pl.DataFrame, wrappers: Collection[str]) -> pl.DataFrame:
    """One row per event in contract order. Still missing: prices of accepted bids, and sellers of listings."""
    logs = logs.with_columns(buyer=_legacy_buyer())
    parts = [_part(logs, layout, event_type) for layout, event_type in _EVENT_TYPES.items()]
    events = pl.concat(parts).sort("block", "log_index")
    kind, receiver = pl.col("event_type"), pl.col("to_address")
    accepted = (kind == SALE) & (receiver == ZERO_ADDRESS)
    return events.with_columns(
        event_type=pl.when(kind != TRANSFERRED)
        .then(kind)
        .when(receiver.is_in(wrappers))
        .then(pl.lit(WRAP))
        .when(pl.col("from_address").is_in(wrappers))
        .then(pl.lit(UNWRAP))
        .otherwise(kind),
        sale_kind=pl.when(accepted).then(pl.lit(ACCEPT_BID)).when(kind == SALE).then(pl.lit(BUY)),
        price_wei=pl.when(~accepted).then(decimal_text(events["price_wei"])),
        to_address=pl.when(accepted).then("buyer").otherwise(receiver),
    ).select(*EVENT_SCHEMA)


def _legacy_buyer() -> pl.Expr:
    """The receiver of the `Transfer` log right before, in the same transaction and by the same seller, else null."""
    before = {name: pl.col(name).shift() for name in ("topic0", "topic1", "block", "log_index")}
    adjacent = (before["block"] == pl.col("block")) & (before["log_index"] + 1 == pl.col("log_index"))
    same_seller = before["topic1"] == pl.col("topic2")
    return pl.when((before["topic0"] == TRANSFER.topic) & adjacent & same_seller).then(address("topic2").shift())


def _part(logs: pl.DataFrame, layout: LogLayout, event_type: str) -> pl.DataFrame:
    """The logs of one layout as events; `price_wei` is still a word, and `buyer` that of the legacy log."""

    def or_null(column: str | None, read: Callable[[str], pl.Expr]) -> pl.Expr:
        return read(column) if column else pl.lit(None, dtype=pl.String)

    assert layout.punk is not None
    return logs.filter(pl.col("topic0") == layout.topic).select(
        "timestamp",
        "block",
        "tx_index",
        "log_index",
        "tx_hash",
        "buyer",
        punk_id=number(layout.punk).cast(pl.Int32),
        event_type=pl.lit(event_type),
        price_wei=or_null(layout.amount, pl.col),
        from_address=or_null(layout.sender, address),
        to_address=or_null(layout.receiver, address),
    )


def _with_accepted_bids(events: pl.DataFrame, standing: list[StandingBid | None]) -> pl.DataFrame:
    """Price and buyer of the accepted bids, of which `standing` tells one after the other."""
    if not standing:
        return events
    accepted = events.with_row_index("row").filter(pl.col("sale_kind") == ACCEPT_BID)
    places = zip(accepted["punk_id"], accepted["block"], accepted["log_index"], standing, strict=True)
    missing = tuple(MissingBid(punk, block, index) for punk, block, index, bid in places if bid is None)
    if missing:
        raise MissingBidsError(missing)
    bids = [bid for bid in standing if bid is not None]
    restored = accepted.select(
        "row",
        price=pl.Series([str(bid.price_wei) for bid in bids], dtype=pl.String),
        bidder=pl.Series([bid.maker for bid in bids], dtype=pl.String),
    )
    return (
        events.with_row_index("row")
        .join(restored, on="row", how="left", maintain_order="left")
        .with_columns(price_wei=pl.coalesce("price", "price_wei"), to_address=pl.coalesce("bidder", "to_address"))
        .select(*EVENT_SCHEMA)
    )


def _with_sellers(events: pl.DataFrame, bids: StandingBids) -> pl.DataFrame:
    """The owner as the seller of listings and of their ends, whose logs name nobody.

    It is who the punk last came to; before its first change of owner here, who gives it away then, and if it never
    changes, its owner before the logs.
    """
    before = bids.owners()
    owners = pl.DataFrame(
        {"punk_id": list(before), "owner": list(before.values())}, schema={"punk_id": pl.Int32, "owner": pl.String}
    )
    changes = pl.when(pl.col("event_type").is_in(OWNER_CHANGES))
    seller = pl.coalesce(
        changes.then("to_address").forward_fill().over("punk_id"),
        changes.then("from_address").backward_fill().over("punk_id"),
        "owner",
    )
    return (
        events.join(owners, on="punk_id", how="left", maintain_order="left")
        .with_columns(
            from_address=pl.when(pl.col("event_type").is_in((LISTED, DELISTED))).then(seller).otherwise("from_address")
        )
        .select(*EVENT_SCHEMA)
    )
