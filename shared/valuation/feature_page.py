"""docs/features.md, made from the table of features: `python -m shared.valuation.feature_page > docs/features.md`."""

import sys
from collections.abc import Sequence
from itertools import groupby

from shared.valuation.feature_table import FEATURES, KNOWN_AT

COLUMNS = ("name", "meaning", "source", "known at", "unit", "counts for")


def page() -> str:
    """The page as Markdown: each source and when it is known, then the features by group in the model's order."""
    parts = [
        "# Features",
        f"All {len(FEATURES)} inputs of the model, in its order. Each is of a pair (punk, as_of) and reads only what "
        "happened strictly before as_of, never an ask or bid on the punk itself. The floor is the lowest public ask of "
        "any other punk. When a value is explained, a feature counts for the part in the last column; a trait that "
        "a punk lacks counts for rarity and combinations.",
        "Made from `shared/valuation/feature_table.py` by `python -m shared.valuation.feature_page`; a test compares.",
        "## Sources",
        "`shared/market/offers.py` defines when an ask or a bid ends.",
        _table(("source", "known at"), list(KNOWN_AT.items())),
    ]
    for group, features in groupby(FEATURES, key=lambda feature: feature.group):
        rows = [(f"`{f.name}`", f.meaning, f.source, KNOWN_AT[f.source], f.unit, f.part[1]) for f in features]
        parts += [f"## {group.capitalize()}", _table(COLUMNS, rows)]
    return "\n\n".join(parts) + "\n"


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(page())
