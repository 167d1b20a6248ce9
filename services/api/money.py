"""Money at the edge: exact wei as decimal text beside the ETH float people read."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.units import ETH


class Money(BaseModel):
    """An amount of ether."""

    model_config = ConfigDict(extra="forbid")

    wei: Annotated[str, Field(pattern=r"^[0-9]+$", description="Exact", examples=["45000000000000000000"])]
    eth: Annotated[float, Field(description="The same in ETH, rounded to a double", examples=[45.0])]


def money(wei: int | str) -> Money:
    """`wei` with its ETH float (correctly rounded)."""
    exact = int(wei)
    return Money(wei=str(exact), eth=exact / ETH)


def money_json(wei: str) -> str:
    """The JSON text of `money(wei)`, without building it: ten thousand punks have seventy thousand of
    these."""
    return f'{{"wei":"{wei}","eth":{int(wei) / ETH!r}}}'


def eth_to_wei(eth: float) -> int:
    """Wei of an ETH amount as its shortest decimal text says it (0.1 is 10^17)."""
    return int(Decimal(repr(eth)).scaleb(18))
