"""The meaning of a value's confidence grade, for the command line, the gateway and docs/valuation.md.

A grade is the width of the value's 80 % interval, which is calibrated on errors of values made before their sales. The
grade is the precision that the value claims; the evaluation measures whether the claim holds.
"""

from itertools import pairwise
from typing import Final

from shared.valuation.params import Params

LOWEST: Final = "D"
_PARAMS: Final = Params.load()
_ACCURACY: Final = {
    "A": "values in this price range came close to the price paid",
    "B": "values in this price range missed by about the worth of a good trait",
    "C": "values in this price range frequently missed by a wide margin",
    LOWEST: "a rough idea only",
}
_WIDTHS: Final = [f"{100 * width:.0f} %" for width in _PARAMS.grades.values()]
_SPANS: Final = [f"at most {_WIDTHS[0]}", *map(" to ".join, pairwise(_WIDTHS)), f"over {_WIDTHS[-1]}"]
MEANINGS: Final = {
    grade: f"the 80 % interval is {span} of the value wide: {accuracy}"
    for (grade, accuracy), span in zip(_ACCURACY.items(), _SPANS, strict=True)
}
"""By grade."""


def meaning(grade: str, punk_type: str) -> str:
    """The grade in a sentence, for a punk of this type."""
    if punk_type not in _PARAMS.index_rule.types:
        return MEANINGS[grade]
    why = f"so few {punk_type.lower()}s are sold that the grade is always {LOWEST}"
    return f"{MEANINGS[grade]}; {why}"
