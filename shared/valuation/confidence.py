"""What a value's confidence grade means, in one place: the command line, the gateway and docs/valuation.md use this.

A grade is about the width of the value's 80 % interval, which is calibrated on errors of values that were made before
their sales. It says how precise the value claims to be; whether the claim holds is what the evaluation measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.valuation.params import Params

LOWEST: Final = "D"
_PARAMS: Final = Params.load()


@dataclass(frozen=True)
class Grade:
    """A grade and the widest 80 % interval that it stands for, relative to the value; None: any wider one."""

    name: str
    up_to: float | None
    meaning: str


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _grades() -> dict[str, Grade]:
    says = {
        "A": "values in its price range came close to what was paid",
        "B": "values in its price range missed by as much as a good trait is worth",
        "C": "values in its price range often missed by far",
        LOWEST: "an idea of the price, no more",
    }
    above = 0.0
    grades: dict[str, Grade] = {}
    for name, width in _PARAMS.grades.items():
        span = f"at most {_percent(width)}" if not grades else f"{_percent(above)} to {_percent(width)}"
        grades[name] = Grade(name, width, f"the 80 % interval is {span} of the value wide: {says[name]}")
        above = width
    grades[LOWEST] = Grade(
        LOWEST, None, f"the 80 % interval is over {_percent(above)} of the value wide: {says[LOWEST]}"
    )
    return grades


GRADES: Final[dict[str, Grade]] = _grades()


def meaning(grade: str, punk_type: str) -> str:
    """The grade in a sentence, for a punk of this type."""
    if punk_type in _PARAMS.index_rule.types:
        why = f"so few {punk_type.lower()}s are ever sold that they are {LOWEST} whatever the width"
        return f"{GRADES[grade].meaning}; {why}"
    return GRADES[grade].meaning
