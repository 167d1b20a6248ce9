"""Exact additive parts of values in log units, and comparables.

The model predicts ln(value / floor). Its contributions split the prediction into a part for each feature and a constant
(SHAP values: Lundberg et al., Nature Machine Intelligence 2, 2020). Features are grouped into parts that people know:
the market's level, the type, the skin, each accessory (`parts`). The correction by the latest sales is another part.
Neither this step nor the conversion to ETH (`stored.parts_in_eth`) leaves a remainder.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from shared.errors import IntegrityError, InvalidInputError
from shared.market.series import Floats, Ints
from shared.valuation.calibration import Calibration
from shared.valuation.explanation.comparables import MOST, MarketThen
from shared.valuation.explanation.parts import PunkParts
from shared.valuation.explanation.stored import NOBODY, Explained
from shared.valuation.model import ValuationModel

BATCH: Final = 250
LARGEST_ROUNDING: Final = 1e-3
"""SHAP values are single precision: the largest accepted error of their sum (log units)."""


def explained_in_batches(
    model: ValuationModel,
    frame: pl.DataFrame,
    then: MarketThen,
    calibration: Calibration,
    rows: slice = slice(None),
) -> Iterator[Explained | None]:
    """Explain the rows of a nowcast snapshot's `frame`; yields None after each batch of punks, then the result.

    A batch takes a second, so that the caller can do other work in between, or stop. `calibration` is that of the
    explained values. All rows of the frame are predicted at once: a matrix product of one row may differ from that of
    many in its last bit, and the published value has to be explained. The base value takes the rounding error.

    Raises:
        InvalidInputError: a punk has no floor, and so no value.
        IntegrityError: contributions do not add up.
    """
    start, stop, _ = rows.indices(frame.height)
    punks: Ints = frame["punk_id"].to_numpy().astype(np.int64)
    floor: Floats = frame["floor_eth"].to_numpy().astype(np.float64)
    if not np.isfinite(floor[rows]).all():
        raise InvalidInputError("no other punk was for sale: without a floor there is no value to explain")
    parts = PunkParts(then.traits, then.premia, model.features)
    log_premium = model.log_premium(frame)
    correction = calibration.correction_of(np.exp(log_premium))
    near = np.full((frame.height, MOST), NOBODY, dtype=np.int16)
    similarity = np.zeros((frame.height, MOST), dtype=np.float32)
    split = []
    for first in range(start, stop, BATCH):
        batch = slice(first, min(first + BATCH, stop))
        contributions, constant = model.contributions(frame[batch])
        rounding = log_premium[batch] - contributions.sum(axis=1) - constant
        if (worst := float(np.abs(rounding).max())) > LARGEST_ROUNDING:
            raise IntegrityError(
                f"contributions miss the prediction by {worst:.2g}: a learner attributes what it does not predict"
            )
        split.append(parts.split(punks[batch], contributions, constant + rounding, correction[batch]))
        for row in range(batch.start, batch.stop):
            sold, alike = then.near(int(punks[row]))
            near[row, : len(sold)], similarity[row, : len(sold)] = sold, np.round(alike, 4)
        yield None
    kinds, logs = (np.concatenate(batches) for batches in zip(*split, strict=True))
    present = kinds >= 0
    count = np.zeros(frame.height, dtype=np.int64)
    count[start:stop] = present.sum(axis=1)
    yield Explained(
        model_id=model.model_id,
        parts=parts.keys,
        traits=then.traits.names,
        starts=np.append(0, count.cumsum()),
        part=kinds[present].astype(np.uint16),
        log=logs[present].astype(np.float32),
        floor_eth=floor,
        near=near,
        similarity=similarity,
        **then.sold,
        level_eth=then.level_eth,
        premium=then.premia.astype(np.float32),
        premium_error=then.errors.astype(np.float32),
    )
