"""Decodes raw logs of the CryptoPunksMarket contract into market events: pure, vectorised, exact.

Every log except the legacy `Transfer` is one event at the same place. Values that logs omit follow from earlier logs;
docs/market.md has the table.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import polars as pl

from shared.errors import InvalidInputError, PermanentError
from shared.market import event_types
from shared.market.events import EVENT_SCHEMA, validate
from shared.sources.ethereum import contract
from shared.sources.ethereum.bids import StandingBid, StandingBids
from shared.sources.ethereum.contract import LAYOUTS, MARKET_ADDRESS, WRAPPERS, LogLayout
from shared.sources.ethereum.raw_logs import TOPICS, place
from shared.sources.ethereum.words import address, broken_address, broken_number, decimal_text, number

_LAST_PUNK: Final = 9_999
_EVENT_TYPES: Final = {
    contract.ASSIGN: event_types.CLAIM,
    contract.PUNK_TRANSFER: event_types.TRANSFER,
    contract.PUNK_OFFERED: event_types.LISTED,
    contract.PUNK_BID_ENTERED: event_types.BID,
    contract.PUNK_BID_WITHDRAWN: event_types.BID_WITHDRAWN,
    contract.PUNK_BOUGHT: event_types.SALE,
    contract.PUNK_NO_LONGER_FOR_SALE: event_types.DELISTED,
}
_NAMED: Final = 3
"""Number of missing bids in the text of an error."""


@dataclass(frozen=True)
class MissingBid:
    """An accepted bid without a known price, at the place of its `PunkBought` log."""

    punk_id: int
    block: int
    log_index: int


class MissingBidsError(PermanentError):
    """Accepted bids that none of the logs and events so far placed."""

    status = 422
    slug = "missing-bids"

    def __init__(self, missing: tuple[MissingBid, ...]) -> None:
        self.missing = missing
        bids = (f"punk {bid.punk_id} at block {bid.block}, log_index {bid.log_index}" for bid in missing[:_NAMED])
        named = "; ".join(bids)
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        super().__init__(
            f"the price of {len(missing)} accepted bid(s), placed before these logs, is not known ({named}{more}); "
            "import the earlier events first, give them with --history FILE, or read from a node"
        )


def decode(
    logs: pl.DataFrame, bids: StandingBids, *, market: str = MARKET_ADDRESS, wrappers: Collection[str] = WRAPPERS
) -> pl.DataFrame:
    """The market events (`EVENT_SCHEMA`) of these logs (`RAW_LOG_SCHEMA`, from `raw_logs`).

    Logs of other contracts are dropped. The seller of a listing is the punk's owner, null if the owner is not known.

    Args:
        bids: standing bids before the first log. Updated after a success, unchanged after an error.

    Raises:
        InvalidInputError: a log that the market's contract cannot have emitted.
        MissingBidsError: an accepted bid that is not known.
    """
    logs = market_logs(logs, "logs", market=market)
    events, after = _events(logs, [wrapper.lower() for wrapper in wrappers]), bids.copy()
    events = _with_accepted_bids(events, after.advance(events))
    events = validate(_with_sellers(events, bids), "decoded logs")
    bids.become(after)
    return events


def market_logs(logs: pl.DataFrame, where: str, *, market: str = MARKET_ADDRESS) -> pl.DataFrame:
    """The logs of the market's contract, checked.

    Raises:
        InvalidInputError: a log that the contract cannot have emitted; `where` names the page.
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
    present, absent = ([name for name in TOPICS[1:] if (name in layout.columns) is used] for used in (True, False))
    rules = [(pl.col(name).is_null(), f"must have {name}") for name in present]
    rules += [(pl.col(name).is_not_null(), f"must not have {name}") for name in absent]
    width = 66 if "data" in layout.columns else 2
    rules.append((pl.col("data").str.len_bytes() != width, f"must have {width // 2 - 1} bytes of data"))
    if layout.punk:
        rules.append((broken_number(layout.punk, _LAST_PUNK), f"must name a punk from 0 to {_LAST_PUNK}"))
    for party in (layout.sender, layout.receiver):
        if party:
            rules.append((broken_address(party), f"must have an address as {party}"))
    if layout is contract.PUNK_BOUGHT:
        nobody = address("topic3") == event_types.ZERO_ADDRESS
        rules.append((nobody & broken_number("data", 0), "must name the buyer of a punk that was paid for"))
    return rules


def _events(logs: pl.DataFrame, wrappers: Collection[str]) -> pl.DataFrame:
    """One row per event in contract order, without prices of accepted bids and sellers of listings."""
    logs = logs.with_columns(buyer=_legacy_buyer())
    parts = [_part(logs, layout, event_type) for layout, event_type in _EVENT_TYPES.items()]
    events = pl.concat(parts).sort("block", "log_index")
    kind, receiver = pl.col("event_type"), pl.col("to_address")
    sale = kind == event_types.SALE
    accepted = sale & (receiver == event_types.ZERO_ADDRESS)
    return events.with_columns(
        event_type=pl.when(kind != event_types.TRANSFER)
        .then(kind)
        .when(receiver.is_in(wrappers))
        .then(pl.lit(event_types.WRAP))
        .when(pl.col("from_address").is_in(wrappers))
        .then(pl.lit(event_types.UNWRAP))
        .otherwise(kind),
        sale_kind=pl.when(accepted).then(pl.lit(event_types.ACCEPT_BID)).when(sale).then(pl.lit(event_types.BUY)),
        price_wei=pl.when(~accepted).then(decimal_text(events["price_wei"])),
        to_address=pl.when(accepted).then("buyer").otherwise(receiver),
    ).select(*EVENT_SCHEMA)


def _legacy_buyer() -> pl.Expr:
    """The receiver of the preceding `Transfer` log of the same transaction and seller, else null."""
    before = {name: pl.col(name).shift() for name in ("topic0", "topic1", "block", "log_index")}
    adjacent = (before["block"] == pl.col("block")) & (before["log_index"] + 1 == pl.col("log_index"))
    same_seller = before["topic1"] == pl.col("topic2")
    legacy = (before["topic0"] == contract.TRANSFER.topic) & adjacent & same_seller
    return pl.when(legacy).then(address("topic2").shift())


def _part(logs: pl.DataFrame, layout: LogLayout, event_type: str) -> pl.DataFrame:
    """The logs of one layout as events. `price_wei` is a word; `buyer` comes from the legacy log."""

    def or_null(column: str | None, read: Callable[[str], pl.Expr]) -> pl.Expr:
        return read(column) if column else pl.lit(None, dtype=pl.String)

    assert layout.punk is not None
    return logs.filter(pl.col("topic0") == layout.topic).select(
        *("timestamp", "block", "tx_index", "log_index", "tx_hash", "buyer"),
        punk_id=number(layout.punk).cast(pl.Int32),
        event_type=pl.lit(event_type),
        price_wei=or_null(layout.amount, pl.col),
        from_address=or_null(layout.sender, address),
        to_address=or_null(layout.receiver, address),
    )


def _with_accepted_bids(events: pl.DataFrame, standing: list[StandingBid | None]) -> pl.DataFrame:
    """Adds price and buyer of the accepted bids, which `standing` has in contract order."""
    if not standing:
        return events
    accepted = events.with_row_index("row").filter(pl.col("sale_kind") == event_types.ACCEPT_BID)
    columns = zip(accepted["punk_id"], accepted["block"], accepted["log_index"], standing, strict=True)
    missing = tuple(MissingBid(punk, block, index) for punk, block, index, bid in columns if bid is None)
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
    """Adds the owner as seller of listings and delistings, whose logs have no seller.

    The owner is the receiver of the last change of owner, else the owner before the logs. The sender of a later change
    would be the owner, too, but then the event would depend on where the reading was cut.
    """
    before = bids.owners()
    owners = pl.DataFrame(
        {"punk_id": list(before), "owner": list(before.values())}, schema={"punk_id": pl.Int32, "owner": pl.String}
    )
    changes = pl.when(pl.col("event_type").is_in(event_types.OWNER_CHANGES))
    seller = pl.coalesce(
        changes.then("to_address").forward_fill().over("punk_id"),
        "owner",
    )
    return (
        events.join(owners, on="punk_id", how="left", maintain_order="left")
        .with_columns(
            from_address=pl.when(pl.col("event_type").is_in((event_types.LISTED, event_types.DELISTED)))
            .then(seller)
            .otherwise("from_address")
        )
        .select(*EVENT_SCHEMA)
    )
