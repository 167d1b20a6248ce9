"""What the monitor's decisions were computed from, as plain data, and what follows from it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from shared.evaluation.eprocess import EState
from shared.evaluation.policy import Policy
from shared.evaluation.watch import Health, PromotionOutcome, hard_trip, promotion_outcome


@dataclass(frozen=True)
class TripFacts:
    """The arguments of `hard_trip`."""

    health: Health
    stale: bool

    def trip(self, policy: Policy) -> str | None:
        """Why the promoted model must go at once."""
        return hard_trip(self.health, stale=self.stale, policy=policy)

    def as_plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = _FACTS.dump_python(self, mode="json")
        return plain


_FACTS = TypeAdapter(TripFacts)


def trip_of(plain: Mapping[str, Any], policy: Policy) -> str | None:
    """The hard trip that recorded facts amount to.

    Raises:
        pydantic.ValidationError (a ValueError): they are not such facts.
    """
    return _FACTS.validate_python(plain).trip(policy)


def confirm_outcome(plain: Mapping[str, Any], state: EState, policy: Policy) -> PromotionOutcome:
    """What a watched promotion has come to, from `sales`, `nowcasts`, `warm`, `since` and `until`."""
    return promotion_outcome(
        state,
        sales=plain["sales"],
        nowcasts=plain["nowcasts"],
        warm=plain["warm"],
        started_at=datetime.fromisoformat(plain["since"]),
        now=datetime.fromisoformat(plain["until"]),
        policy=policy,
    )
