"""Recorded events written back as the raw logs that the contract emitted for them."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from tests.factories.punks_contract import ADDRESS, NOBODY, TOPICS

_NOTHING = "0x"


def event_logs(events: pl.DataFrame) -> list[dict[str, Any]]:
    """Logs in Etherscan's form: one for each event (`EVENT_SCHEMA`), and the legacy `Transfer` before each that
    changes the owner of a claimed punk.

    In a bought punk's transaction that comes before the end of the listing.
    """
    logs, before = [], None
    for event in events.iter_rows(named=True):
        place = {
            "address": ADDRESS,
            "blockNumber": hex(event["block"]),
            "timeStamp": hex(int(event["timestamp"].timestamp())),
            "transactionHash": event["tx_hash"],
            "transactionIndex": hex(event["tx_index"]),
        }
        for distance, topics, data in _said(event, before):
            logs.append({**place, "logIndex": hex(event["log_index"] - distance), "topics": topics, "data": data})
        before = event
    return logs


def _said(event: dict[str, Any], before: dict[str, Any] | None) -> Iterator[tuple[int, list[str], str]]:
    """(how many places before the event, topics, data) of each log."""
    punk, seller, receiver = _word(event["punk_id"]), _party(event["from_address"]), _party(event["to_address"])
    price = _word(int(event["price_wei"] or 0))
    kind = event["event_type"]
    if kind in ("sale", "transfer", "wrap", "unwrap"):
        ended = kind == "sale" and before is not None and before["event_type"] == "delisted"
        adjacent = before is not None and (before["block"], before["log_index"] + 1) == (
            event["block"],
            event["log_index"],
        )
        yield 2 if ended and adjacent else 1, [TOPICS["Transfer"], seller, receiver], _word(1)
    if kind == "claim":
        yield 0, [TOPICS["Assign"], receiver], punk
    elif kind == "listed":
        yield 0, [TOPICS["PunkOffered"], punk, receiver], price
    elif kind == "delisted":
        yield 0, [TOPICS["PunkNoLongerForSale"], punk], _NOTHING
    elif kind == "bid":
        yield 0, [TOPICS["PunkBidEntered"], punk, seller], price
    elif kind == "bid_withdrawn":
        yield 0, [TOPICS["PunkBidWithdrawn"], punk, seller], price
    elif event["sale_kind"] == "buy":
        yield 0, [TOPICS["PunkBought"], punk, seller, receiver], price
    elif event["sale_kind"] == "accept_bid":
        yield 0, [TOPICS["PunkBought"], punk, seller, _party(NOBODY)], _word(0)
    else:
        yield 0, [TOPICS["PunkTransfer"], seller, receiver], punk


def _word(number: int) -> str:
    return f"0x{number:064x}"


def _party(address: str | None) -> str:
    return "0x" + "0" * 24 + (address or NOBODY)[2:]
