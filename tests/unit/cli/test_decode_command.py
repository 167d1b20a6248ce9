"""`punkcast decode`: pages to an event file, without a database."""

import json
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from services.cli.app import app
from shared.errors import InvalidInputError
from shared.sources.event_files import read_event_files
from tests.factories.punks_contract import PunksContract

ANN, BEN = "0x" + "a" * 40, "0x" + "b" * 40


@pytest.fixture
def contract() -> PunksContract:
    contract = PunksContract()
    contract.get_punk(ANN, 1)
    contract.enter_bid_for_punk(BEN, 1, 7)
    contract.accept_bid_for_punk(ANN, 1)
    contract.offer_punk_for_sale(BEN, 1, 9)
    return contract


def decode(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["decode", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_pages_become_an_event_file(tmp_path: Path, contract: PunksContract, suffix: str) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "b.json").write_text(json.dumps(contract.logs[:2]))
    (tmp_path / "a.json").write_text(json.dumps(contract.logs[2:]))
    out = tmp_path / f"events.{suffix}"
    printed = decode(tmp_path / "a.json", pages, "--out", out)
    assert printed.splitlines() == ["5 logs of 2 page(s) are 4 events", f"written to {out}"]
    assert_frame_equal(read_event_files(out).events, contract.frame())


def test_earlier_events_fill_what_a_page_leaves_open(tmp_path: Path, contract: PunksContract) -> None:
    (tmp_path / "page.json").write_text(json.dumps(contract.logs[2:]))
    contract.frame().write_parquet(tmp_path / "earlier.parquet")
    out = tmp_path / "out.parquet"
    decode(tmp_path / "page.json", "--out", out, "--history", tmp_path / "earlier.parquet")
    assert_frame_equal(read_event_files(out).events, contract.frame()[2:])


def test_pages_of_a_test_chain_s_contract_are_read(tmp_path: Path, contract: PunksContract) -> None:
    market = "0x" + "9A" * 20
    (tmp_path / "page.json").write_text(json.dumps([{**one, "address": market.lower()} for one in contract.logs]))
    out = tmp_path / "events.csv"
    decode(tmp_path / "page.json", "--out", out, "--market", market)
    assert_frame_equal(read_event_files(out).events, contract.frame())


def test_the_output_counts_listings_whose_seller_is_unknown(tmp_path: Path, contract: PunksContract) -> None:
    (tmp_path / "page.json").write_text(json.dumps(contract.logs[4:]))
    assert "1 listings or their ends have no seller" in decode(tmp_path / "page.json", "--out", tmp_path / "o.csv")


def test_the_output_names_a_time_of_which_nothing_is_known(tmp_path: Path, contract: PunksContract) -> None:
    contract.pause(days=30)
    contract.enter_bid_for_punk(ANN, 1, 5)
    (tmp_path / "page.json").write_text(json.dumps(contract.logs))
    printed = decode(tmp_path / "page.json", "--out", tmp_path / "o.csv")
    assert "nothing is known from 2017-07-14 to 2017-08-13" in printed


def test_wrong_names_places_and_addresses_are_refused(tmp_path: Path, contract: PunksContract) -> None:
    out = str(tmp_path / "o.csv")
    page = tmp_path / "pages" / "page.json"
    page.parent.mkdir()
    page.write_text(json.dumps(contract.logs))
    for arguments, words in (
        ([str(page), "--out", str(tmp_path / "no" / "o.csv")], "--out .*there is no folder"),
        ([str(page), "--out", out, "--market", "0x9"], "--market '0x9': expected an address"),
        ([str(page), "--out", out, "--market", "0x" + "9" * 40], "none of its 5 logs .*; name another with --market"),
        ([str(page), "--out", out, "--history", str(tmp_path / "no")], "no: there is no such file"),
        (["p.json", "--out", "events.json"], r"events.json: expected a name that ends in .parquet or .csv"),
        ([str(tmp_path), "--out", str(tmp_path / "o.csv")], "holds no pages of raw logs"),
        ([str(tmp_path / "no.json"), "--out", str(tmp_path / "o.csv")], r"no.json: there is no such file"),
    ):
        with pytest.raises(InvalidInputError, match=words):
            CliRunner().invoke(app, ["decode", *arguments], catch_exceptions=False)
