"""Prepared bytes say what the facts say."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from services.api.documents import NowcastDocument
from services.api.money import Money, eth_to_wei, money, money_json
from services.api.resident.facts import GenerationFacts
from services.api.resident.rendering import render_generation
from services.api.resident.values import ValueRow

AT = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)
FACTS = GenerationFacts(7, "m-" + "a" * 16, "0" * 64, AT, AT, 2, 40 * 10**18, 22, "1" * 64, "2" * 64)


@given(st.integers(0, 10**30))
def test_money_text_is_money(wei: int) -> None:
    assert Money.model_validate_json(money_json(str(wei))) == money(wei)
    assert int(money(wei).wei) == wei


@given(st.integers(0, 10**9), st.integers(0, 10**6 - 1))
def test_an_eth_amount_means_the_decimal_that_was_written(whole: int, micros: int) -> None:
    assert eth_to_wei(float(f"{whole}.{micros:06d}")) == whole * 10**18 + micros * 10**12


def test_a_generation_reads_back_exact() -> None:
    rows = [
        ValueRow(9, "41000000000000000001", "4", "5", "3", "6", "2", "70000000000000000000", "D"),
        ValueRow(3, "1", "1", "1", "1", "1", "0", "1", "A"),
    ]
    generation = render_generation(FACTS, rows)
    document = NowcastDocument.model_validate_json(b'{"age_seconds":0,"degraded":[],' + generation.body)
    assert [punk.punk_id for punk in document.punks] == [3, 9]
    assert document.punks[1].value.wei == "41000000000000000001"
    assert document.punks[1].intervals["90"].hi.eth == 70.0
    assert document.generation.published_at == AT
    assert generation.by_value == [(1, 3), (41000000000000000001, 9)]
    assert json.loads(b"{" + generation.values[3] + b"}")["confidence"] == "A"
