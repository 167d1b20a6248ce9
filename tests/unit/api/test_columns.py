"""All punks in columns stay small, whatever digits the values have."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from services.api.resident import columns
from services.api.resident.facts import GenerationFacts, MarketFacts, PunkMarketRow, PunkRow, View
from services.api.resident.rendering import render_catalogue, render_generation, render_market
from services.api.resident.renditions import Deflated
from services.api.resident.values import ValueRow
from services.api.shapes.nowcasts import ColumnsDocument

AT = datetime(2025, 6, 1, tzinfo=UTC)
FACTS = GenerationFacts(1, "m-" + "0" * 16, "0" * 64, AT, AT, 0, 10**18, 1, "0" * 64, "0" * 64)
STAMP = b'{"age_seconds":0,"degraded":[],'


def view(count: int = 10_000) -> View:
    """Values that are log-normal to the micro-ETH, as many traits, asks, bids and sales as the real collection has."""
    generator = np.random.default_rng(7)
    value = (40e6 * np.exp(np.abs(generator.normal(0.0, 0.5, count)))).astype(int)
    width = generator.uniform(1.03, 1.5, count)
    low, high = (value / width).astype(int), (value * width).astype(int)
    rows = [
        ValueRow(punk, *(f"{amount}{'0' * 12}" for amount in (v, v, v, lo, hi, lo, hi)), "ABCD"[punk % 4])
        for punk, (v, lo, hi) in enumerate(zip(value.tolist(), low.tolist(), high.tolist(), strict=True))
    ]
    names = [f"Accessory {number}" for number in range(87)]
    punks = [
        PunkRow(
            punk,
            ("Male", "Female", "Zombie", "Ape", "Alien")[punk % 5],
            "Mid" if punk % 5 < 2 else None,
            tuple(names[place] for place in sorted(generator.choice(87, punk % 6, replace=False).tolist())),
        )
        for punk in range(count)
    ]
    money = [f"{amount}{'0' * 15}" for amount in generator.integers(10**3, 10**5, 3 * count).tolist()]
    market = [
        PunkMarketRow(
            punk,
            money[punk] if punk % 8 == 0 else None, None, AT, 1,
            money[count + punk] if punk % 9 == 0 else None, None, AT,
            None, None,
            money[2 * count + punk] if punk % 4 else None, AT, "buy", None, None, None, True,
        )
        for punk in range(count)
    ]  # fmt: skip
    facts = MarketFacts(1, 0, 1, AT, market, (), None, None)
    return View(render_generation(FACTS, rows), render_market(facts), render_catalogue(punks))


def test_ten_thousand_punks_fit_into_300_kilobytes() -> None:
    body = columns.render(view())
    assert sum(map(len, Deflated(body).after(STAMP))) < 300_000


def test_columns_say_what_the_rows_say() -> None:
    shown = view(40)
    found = ColumnsDocument.model_validate_json(STAMP + columns.render(shown))
    for place, row in enumerate(shown.generation.rows):
        punk = shown.catalogue.punks[row.punk_id]
        assert found.columns.value_eth[place] == pytest.approx(int(row.value_wei) / 10**18, rel=1e-5)
        assert found.columns.confidence[place] == row.confidence
        kind, skin = found.columns.type[place], found.columns.skin[place]
        assert kind is not None
        assert found.types[kind] == punk.type
        assert (None if skin is None else found.skins[skin]) == punk.skin
        assert tuple(found.traits[trait] for trait in found.columns.traits[place]) == punk.accessories
        assert (found.columns.ask_eth[place] is None) == (row.punk_id not in shown.market.asks)


def test_unknown_punks_and_an_empty_market_are_null() -> None:
    bare = View(view(3).generation, render_market(None), render_catalogue(()))
    found = json.loads(STAMP + columns.render(bare))["columns"]
    assert found["type"] == found["ask_eth"] == [None] * 3
    assert found["traits"] == [[]] * 3
