"""What `GET /v1/outcomes` answers: the rows that every figure of `/v1/performance` is made from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.api.documents import Document
from services.api.money import Money

AMOUNTS = ("price", "value", "floor", "last_sale")


class Outcome(Document):
    """A sale beside the last value published at least a horizon before it."""

    event_seq: int
    punk_id: int
    type: str | None
    sold_at: datetime
    tx_hash: str
    log_index: int
    kind: Literal["buy", "accept_bid"]
    horizon: Literal["latest", "24h", "7d"]
    generation_id: int
    published_at: datetime
    model_id: str
    price: Money
    value: Money
    floor: Annotated[Money, Field(description="Of the same generation")]
    last_sale: Annotated[
        Money | None, Field(description="Baseline: the punk's last valid sale known then, carried by the floor")
    ]
    in50: Annotated[bool, Field(description="The price lies in the 50 % interval")]
    in80: bool
    in90: bool
    valid: Annotated[bool, Field(description="Counts for the scorecard; otherwise `exclusion` says why not")]
    exclusion: str | None
