"""Why a value is what it is: contributions, comparable sales, and what moved it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.api.documents import Document
from services.api.money import Money


class ContributionGroup(Document):
    """The parts of one group together."""

    group: Annotated[str, Field(examples=["traits"])]
    meaning: Annotated[str, Field(examples=["what the punk is"])]
    eth: float


class ContributionPart(Document):
    """One reason and the ETH it adds."""

    group: Annotated[str, Field(examples=["traits"])]
    name: Annotated[str, Field(examples=["accessory:Hoodie"], description="A trait, or what the group calls it")]
    eth: float


class Contributions(Document):
    """The value, taken apart: `floor_eth` and the ETH of all parts (or of all groups) add up to `value_eth`."""

    floor_eth: Annotated[float, Field(description="Lowest ask of any other punk as of the generation")]
    value_eth: float
    groups: list[ContributionGroup]
    parts: list[ContributionPart]


class ComparableSale(Document):
    """The last valid sale of a punk like this one. Amounts in ETH."""

    punk_id: int
    type: str | None
    time: datetime
    price_eth: float
    floor_eth: Annotated[float, Field(description="The floor when it was sold")]
    at_todays_floor_eth: Annotated[float, Field(description="price / floor then * floor as of the generation")]
    at_todays_index_eth: Annotated[float, Field(description="Price brought to today by the sales index")]
    similarity: Annotated[float, Field(ge=0, le=1, description="1: the same traits, sold just now")]
    shared: Annotated[list[str], Field(description="Traits of both")]
    lacks: Annotated[list[str], Field(description="Traits of this punk that the sold one has not")]
    adds: Annotated[list[str], Field(description="Traits that only the sold one has")]


class Since(Document):
    """The nowcast that the changes are against."""

    generation_id: int
    as_of: datetime
    model_id: str


class Changes(Document):
    """What moved the value since the nowcast before; the parts' ETH add up to after - before."""

    since: Since
    before: Money
    after: Money
    parts: Annotated[
        list[ContributionPart] | None,
        Field(description="Null when the nowcast before was of another model: two models' reasons do not subtract"),
    ]
