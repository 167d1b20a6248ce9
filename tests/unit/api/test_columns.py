import numpy as np
import pytest

from services.api.documents import encode
from services.api.punks.columns import columns
from services.api.punks.schemas import ColumnsDocument
from services.api.view.catalogue import Catalogue
from services.api.view.current import View
from services.api.view.market import Market
from services.api.view.ready import ready_answer
from services.api.view.records import PunkMarketRow, PunkRow, ValueRow
from tests.factories import view as made
from tests.factories.view import AT, RECORD, read


def view(count: int = 10_000) -> View:
    """Values that are log-normal to the micro-ETH, as many traits, asks, bids and sales as the real collection has."""
    generator = np.random.default_rng(7)
    value = (40e6 * np.exp(np.abs(generator.normal(0.0, 0.5, count)))).astype(int)
    width = generator.uniform(1.03, 1.5, count)
    low, high = (value / width).astype(int), (value * width).astype(int)
    rows = [
        ValueRow._make((punk, *(f"{amount}{'0' * 12}" for amount in (v, v, v, lo, hi, lo, hi)), "ABCD"[punk % 4]))
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
    return View(made.generation(rows), made.market(market), Catalogue.of(punks))


def test_ten_thousand_punks_fit_into_300_kilobytes() -> None:
    gzipped = ready_answer(RECORD, "tag", encode(columns(view())), compress=True).gzipped
    assert len(gzipped.body) < 300_000


def test_columns_say_what_the_rows_say() -> None:
    shown = view(40)
    found = read(ColumnsDocument, encode(columns(shown)))
    for place, row in enumerate(shown.generation.rows()):
        punk = shown.catalogue.punks[row.punk_id]
        assert found.columns.value_eth[place] == pytest.approx(int(row.value_wei) / 10**18, rel=1e-5)
        assert found.columns.confidence[place] == row.confidence
        kind, skin = found.columns.type[place], found.columns.skin[place]
        assert found.types[kind] == punk.type
        assert (None if skin is None else found.skins[skin]) == punk.skin
        assert tuple(found.traits[trait] for trait in found.columns.traits[place]) == punk.accessories
        assert (found.columns.ask_eth[place] is None) == (row.punk_id not in shown.market.asks)


def test_unknown_punks_and_an_empty_market_are_null() -> None:
    found = read(ColumnsDocument, encode(columns(View(view(3).generation, Market(), Catalogue.of(())))))
    assert found.columns.type == found.columns.ask_eth == [None] * 3
    assert found.columns.traits == [[]] * 3
