"""The snapshots of a model: its training data, its hold-out, and the punks that it values."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from shared.market.prices import DailyPrices
from shared.market.series import Floats, Ints
from shared.market.series_rows import PunkSale
from shared.market.timeline import MarketTimeline
from shared.market.traits import PUNKS, TYPES
from shared.units import as_seconds
from shared.valuation.calibration.calibrator import day_of
from shared.valuation.feature_table import schema_hash
from shared.valuation.features import compute
from shared.valuation.sale_features import sale_features
from shared.valuation.snapshot import Kind, Snapshot

HORIZON_S = 1_800
"""Training and hold-out rows describe each sale as of 30 minutes before."""
FIRST_TRAINING_SALE = datetime(2018, 1, 1, tzinfo=UTC)
"""There was hardly a market in the first half year after the claim."""
TRAIT_MEDIAN_SALES = 25


def nowcast_snapshot(timeline: MarketTimeline, prices: DailyPrices, as_of: datetime) -> Snapshot:
    """All 10,000 punks: `punk_id`, `floor_eth`, features."""
    punks = np.arange(PUNKS, dtype=np.int64)
    rows = compute(timeline, prices, punks, np.full(PUNKS, as_seconds(as_of), dtype=np.int64))
    return _snapshot("nowcast", timeline, as_of, rows.insert_column(0, pl.Series("punk_id", punks, dtype=pl.Int16)))


def training_snapshot(timeline: MarketTimeline, prices: DailyPrices, data_cutoff: datetime) -> Snapshot:
    """Every valid sale before the cut-off, as of `HORIZON_S` before it: the columns of `sale_rows`."""
    frame = sale_rows(timeline, prices, until=data_cutoff, horizons=(HORIZON_S,))
    return _snapshot("training", timeline, data_cutoff, frame)


def evaluation_snapshot(
    timeline: MarketTimeline, prices: DailyPrices, data_cutoff: datetime, until: datetime
) -> Snapshot:
    """The hold-out: valid sales from the cut-off to `until`, 30 minutes before each, with the baselines' values."""
    frame = sale_rows(timeline, prices, first=data_cutoff, until=until, horizons=(HORIZON_S,))
    return _snapshot("evaluation", timeline, until, with_baselines(timeline, frame))


def holdout_cutoff(timeline: MarketTimeline, as_of: datetime, sales: int) -> datetime:
    """The cut-off that leaves the last `sales` valid sales before `as_of`, at most a third, to the hold-out."""
    times = [s.time for s in timeline.counted if s.time < as_seconds(as_of)]
    count = min(sales, len(times) // 3)
    return datetime.fromtimestamp(times[-count], UTC) if count else as_of


def sale_rows(
    timeline: MarketTimeline,
    prices: DailyPrices,
    *,
    until: datetime,
    horizons: tuple[int, ...],
    first: datetime = FIRST_TRAINING_SALE,
    known_before: datetime | None = None,
) -> pl.DataFrame:
    """Valid sales in [first, until), described as of each horizon (seconds) before the sale.

    With `known_before`, only sales that were known by then: a sale may be read later than it happened.

    Columns: event_seq, punk_id, as_of, sale_time (UTC), price_eth, floor_eth, features.
    """
    valid = timeline.counted
    start, end = (bisect_left(valid, as_seconds(instant), key=lambda sale: sale.time) for instant in (first, until))
    if known_before is not None:
        end = min(end, int(timeline.valid_sales.count_before(np.array([as_seconds(known_before)]))[0]))
    end = max(start, end)
    sold = pl.DataFrame(
        [(sale.event_seq, sale.punk_id, sale.time, sale.price_eth) for sale in valid[start:end]],
        schema={"event_seq": pl.Int64, "punk_id": pl.Int16, "sale_time": pl.Int64, "price_eth": pl.Float64},
        orient="row",
    ).with_columns(pl.from_epoch("sale_time").dt.replace_time_zone("UTC"))
    parts = []
    for horizon in horizons:
        as_of = (pl.col("sale_time") - timedelta(seconds=horizon)).alias("as_of")
        keys = sold.select("event_seq", "punk_id", as_of, "sale_time", "price_eth")
        parts.append(keys.hstack(sale_features(timeline, prices, valid, start, end, horizon)))
    return pl.concat(parts, rechunk=True)


def later_sales(
    timeline: MarketTimeline, prices: DailyPrices, *, data_cutoff: datetime, instant: datetime
) -> pl.DataFrame:
    """`sale_rows` of the outcomes that calibrate a model with this cut-off at the instant, as of `HORIZON_S` before.

    Outcomes that became known at or after the start of the instant's UTC day are left out.
    """
    day = day_of(instant)
    first = data_cutoff + timedelta(seconds=HORIZON_S)
    return sale_rows(timeline, prices, first=first, until=day, known_before=day, horizons=(HORIZON_S,))


def seen_earlier(timeline: MarketTimeline, prices: DailyPrices, rows: pl.DataFrame, span: timedelta) -> pl.DataFrame:
    """The rows with floor and features of `span` earlier; `as_of` and the other columns stay."""
    instants: Ints = (rows["as_of"] - span).dt.epoch("s").to_numpy()
    return rows.with_columns(compute(timeline, prices, rows["punk_id"].to_numpy(), instants))


def with_baselines(timeline: MarketTimeline, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of sales with further facts of each sale and the values of simple baselines at `as_of`.

    Further columns: tx_hash, log_index, kind, punk_type, last_sale_carry_eth (last price over the floor then, times the
    floor now), trait_median_eth (highest median ratio of its traits, times the floor).
    """
    by_seq = {sale.event_seq: sale for sale in timeline.sales}
    sales = [by_seq[seq] for seq in frame["event_seq"].to_list()]
    punk = frame["punk_id"].to_numpy().astype(np.int64)
    instants = frame["as_of"].dt.epoch("s").to_numpy().astype(np.int64)
    floor = frame["floor_eth"].to_numpy()
    last = PunkSale(*timeline.punk_sales.last_before(punk, instants).T)
    carry = np.exp(np.nan_to_num(np.subtract(last.log_price, last.log_floor)))
    return frame.with_columns(
        tx_hash=pl.Series([s.tx_hash for s in sales], dtype=pl.String),
        log_index=pl.Series([s.log_index for s in sales], dtype=pl.Int64),
        kind=pl.Series([s.kind for s in sales], dtype=pl.String),
        punk_type=pl.Series([TYPES[code] for code in timeline.traits.type_code[punk]], dtype=pl.String),
        last_sale_carry_eth=pl.Series(carry * floor),
        trait_median_eth=pl.Series(np.exp(_trait_median_ratio(timeline, punk, instants)) * floor),
    )


def with_labels(timeline: MarketTimeline, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of sales with the labels by which a report splits its errors: channel, dealer, pass_through.

    Not part of a snapshot: no model may know how its sale will come about.
    """
    by_seq = {sale.event_seq: sale.labels for sale in timeline.sales}
    labels = [by_seq[seq] for seq in frame["event_seq"].to_list()]
    return frame.with_columns(
        channel=pl.Series([one.channel for one in labels], dtype=pl.String),
        dealer=pl.Series([one.dealer for one in labels], dtype=pl.Boolean),
        pass_through=pl.Series([one.pass_through for one in labels], dtype=pl.Boolean),
    )


def _snapshot(kind: Kind, timeline: MarketTimeline, as_of: datetime, frame: pl.DataFrame) -> Snapshot:
    last = timeline.events.last_before(np.array([as_seconds(as_of)], dtype=np.int64))[0]
    seq, block = (0, 0) if np.isnan(last[0]) else (int(last[0]), int(last[1]))
    return Snapshot(kind, as_of, seq, block, schema_hash(), frame)


def _trait_median_ratio(timeline: MarketTimeline, punk_id: Ints, as_of: Ints) -> Floats:
    """For each pair, the highest median log ratio over its traits; each median is of the trait's last sales."""
    series, members = timeline.punk_sales, timeline.traits.members

    def by_trait(punks: Ints, times: Ints, **more: Floats | Ints) -> pl.DataFrame:
        held = members[punks]
        row, place = np.nonzero(held >= 0)
        return pl.DataFrame({"trait": held[row, place], "time": times[row]} | {k: v[row] for k, v in more.items()})

    sale = PunkSale(*series.rows.T)
    sold = by_trait(series.keys, series.times, ratio=np.subtract(sale.log_price, sale.log_floor))
    median = pl.col("ratio").rolling_median(TRAIT_MEDIAN_SALES, min_samples=1).over("trait")
    pairs = by_trait(punk_id, as_of, row=np.arange(len(punk_id))).sort("time")
    last = pairs.join_asof(
        sold.with_columns(median), on="time", by="trait", allow_exact_matches=False, check_sortedness=False
    )
    best: Floats = last.group_by("row").agg(pl.max("ratio").fill_null(0.0).clip(0.0)).sort("row")["ratio"].to_numpy()
    return best
