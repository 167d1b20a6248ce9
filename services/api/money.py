"""Money at the edge: exact wei as decimal text, and the ETH float that people read."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from services.api.documents import Document
from shared.units import ETH


class Money(Document):
    """An amount of ether."""

    wei: Annotated[str, Field(pattern=r"^[0-9]+$", description="Exact", examples=["45000000000000000000"])]
    eth: Annotated[float, Field(description="The same in ETH, rounded to a double", examples=[45.0])]


def money(wei: int | str) -> Money:
    """`wei` with its ETH float (correctly rounded)."""
    return Money(wei=str(wei), eth=int(wei) / ETH)


def eth_to_wei(eth: float) -> int:
    """Wei of an ETH amount as its shortest decimal text says it (0.1 is 10^17)."""
    return int(Decimal(repr(eth)).scaleb(18))
