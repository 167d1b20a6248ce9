"""The scorecard once more, in plain Python from the rows that `GET /v1/outcomes` hands out.

Nothing of the platform's own statistics is imported: formulas from their sources (IAAO, Standard on Ratio Studies,
2013; Wilson 1927), amounts from the exact wei.
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

import polars as pl

Row = Mapping[str, Any]
BREAKDOWNS = (
    "by_segment", "by_month", "by_kind", "by_channel", "by_dealer", "by_pass_through", "by_type", "by_model"
)  # fmt: skip
LEVELS = {"0.5": "in50", "0.8": "in80", "0.9": "in90"}


def outcome_rows(download: bytes) -> list[dict[str, Any]]:
    """The rows of `/v1/outcomes?format=csv`: amounts in wei stay text, an empty field is None."""
    wei = dict.fromkeys(("price_wei", "value_wei", "floor_wei", "last_sale_wei"), pl.String)
    return pl.read_csv(download, schema_overrides=wei, infer_schema_length=None).to_dicts()


def card(pairs: Iterable[tuple[float, float]]) -> dict[str, float | int | None]:
    """Of (price, value) pairs."""
    known = list(pairs)
    n = len(known)
    names = ("median_ape", "mape", "bias", "median_bias", "within_5", "within_10", "cod", "prd", "prb")
    if not n:
        return {"n": 0, **dict.fromkeys(names, None)}
    signed = [(value - price) / price for price, value in known]
    ape = [abs(one) for one in signed]
    ratios = [value / price for price, value in known]
    middle = statistics.median(ratios)
    return {
        "n": n,
        "median_ape": statistics.median(ape),
        "mape": statistics.fmean(ape),
        "bias": statistics.fmean(signed),
        "median_bias": statistics.median(signed),
        "within_5": sum(one <= 0.05 for one in ape) / n,
        "within_10": sum(one <= 0.10 for one in ape) / n,
        "cod": 100 * statistics.fmean(abs(ratio - middle) for ratio in ratios) / middle,
        "prd": statistics.fmean(ratios) / (sum(value for _, value in known) / sum(price for price, _ in known)),
        "prb": prb(known, ratios, middle),
    }


def prb(known: list[tuple[float, float]], ratios: list[float], middle: float) -> float | None:
    """Ordinary least squares of the relative ratio on log2 of the value proxy."""
    proxies = [math.log2(0.5 * value / middle + 0.5 * price) for price, value in known]
    centre = statistics.fmean(proxies)
    variance = sum((one - centre) ** 2 for one in proxies)
    if variance < 1e-12:
        return None
    return (
        sum((one - centre) * (ratio - middle) / middle for one, ratio in zip(proxies, ratios, strict=True)) / variance
    )


def comparison(rows: Iterable[Row]) -> dict[str, Any]:
    own = list(rows)
    n = len(own)
    shares = {name: sum(row[flag] for row in own) / n if n else None for name, flag in _COVERAGE.items()}
    carried = [row for row in own if row["last_sale_wei"] is not None]
    return {
        "champion": card((eth(row, "price"), eth(row, "value")) for row in own) | shares,
        "floor": card((eth(row, "price"), eth(row, "floor")) for row in own if int(row["floor_wei"]) > 0),
        "last_sale": card((eth(row, "price"), eth(row, "last_sale")) for row in carried),
        "champion_beside_last_sale": card((eth(row, "price"), eth(row, "value")) for row in carried),
    }


_COVERAGE = {"coverage_50": "in50", "coverage_80": "in80", "coverage_90": "in90"}


def eth(row: Row, name: str) -> float:
    return float(Fraction(int(row[f"{name}_wei"]), 10**18))


def segment(row: Row) -> str:
    premium = Fraction(int(row["value_wei"]), int(row["floor_wei"]))
    bounds = (("floor_tier", 1.08), ("mid", 1.3), ("premium", 2.5))
    return next((name for name, bound in bounds if float(premium) < bound), "rare")


def groups(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, dict[str, Any]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[key(row)].append(row)
    return {name: comparison(own) for name, own in grouped.items()}


def scorecard(rows: Iterable[Row], horizon: str) -> dict[str, Any]:
    """Everything that `GET /v1/performance` says of these rows."""
    own = list(rows)
    chosen = [row for row in own if row["horizon"] == horizon]
    return {
        "by_horizon": {
            name: comparison(row for row in own if row["horizon"] == name) for name in ("latest", "24h", "7d")
        },
        "by_segment": groups(chosen, segment),
        "by_month": groups(chosen, lambda row: row["sold_at"][:7]),
        "by_kind": groups(chosen, lambda row: row["kind"]),
        "by_channel": groups(chosen, lambda row: row["channel"] or "unlabelled"),
        "by_dealer": groups(chosen, lambda row: labelled(row["dealer"], "dealer", "no_dealer")),
        "by_pass_through": groups(chosen, lambda row: labelled(row["pass_through"], "pass_through", "direct")),
        "by_type": groups(chosen, lambda row: row["type"] or "unknown"),
        "by_model": groups(chosen, lambda row: row["model_id"]),
        "calibration": {
            name: {level: coverage(members, flag) for level, flag in LEVELS.items()}
            for name, members in _calibrated(chosen).items()
        },
    }


def labelled(flag: bool | None, yes: str, no: str) -> str:
    return "unlabelled" if flag is None else yes if flag else no


def _calibrated(rows: list[Row]) -> dict[str, list[Row]]:
    names = ("floor_tier", "mid", "premium", "rare")
    return {"all": rows} | {name: [row for row in rows if segment(row) == name] for name in names}


def coverage(rows: list[Row], flag: str) -> dict[str, float | int | None]:
    n, covered = len(rows), sum(row[flag] for row in rows)
    if not n:
        return {"n": 0, "covered": 0, "share": None, "lo": None, "hi": None}
    # The bounds are the roots of (share - p)^2 = z^2 p (1 - p) / n.
    z = statistics.NormalDist().inv_cdf(0.975)
    share = covered / n
    a, b, c = 1 + z * z / n, -(2 * share + z * z / n), share * share
    root = math.sqrt(max(0.0, b * b - 4 * a * c))
    return {"n": n, "covered": covered, "share": share, "lo": (-b - root) / (2 * a), "hi": (-b + root) / (2 * a)}


def flattened(document: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of `GET /v1/performance` in the shape of `scorecard`."""
    shaped: dict[str, Any] = {"by_horizon": document["by_horizon"]}
    for name in BREAKDOWNS:
        shaped[name] = {
            group["name"]: {key: value for key, value in group.items() if key != "name"} for group in document[name]
        }
    shaped["calibration"] = {
        one["name"]: {
            str(level["level"]): {key: value for key, value in level.items() if key != "level"}
            for level in one["levels"]
        }
        for one in document["calibration"]
    }
    return shaped


def assert_same(ours: object, theirs: object, place: str = "") -> None:
    """The same keys, and numbers that agree to nine digits."""
    if isinstance(ours, Mapping):
        assert isinstance(theirs, Mapping), place
        assert set(ours) == set(theirs), place
        for key in ours:
            assert_same(ours[key], theirs[key], f"{place}.{key}")
    elif ours is None or theirs is None:
        assert ours == theirs, place
    else:
        assert math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12), (place, ours, theirs)  # type: ignore[arg-type]
