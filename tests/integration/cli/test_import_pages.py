"""Pages of raw logs into a real database."""

import asyncio
import gzip
import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from shared.errors import ConflictError, InvalidInputError
from shared.market.events import EVENT_SCHEMA
from shared.market.reference_data import packaged_punks
from shared.sources.ethereum.decoder import MissingBidsError
from shared.stores import event_repository
from tests.factories.database import Database
from tests.factories.market import punks_frame
from tests.factories.punks_contract import PunksContract
from tests.integration.cli.conftest import run

ANN, BEN = "0x" + "a" * 40, "0x" + "b" * 40


@pytest.fixture
def contract() -> PunksContract:
    """Ann lists her punk and accepts a bid of Ben's: a claim, a listing, a bid and a sale in blocks of their own."""
    contract = PunksContract()
    contract.get_punk(ANN, 1)
    contract.offer_punk_for_sale(ANN, 1, 9)
    contract.enter_bid_for_punk(BEN, 1, 7)
    contract.accept_bid_for_punk(ANN, 1)
    return contract


def write(file: Path, logs: list[dict[str, Any]]) -> Path:
    file.parent.mkdir(exist_ok=True)
    text = json.dumps({"status": "1", "message": "OK", "result": logs}).encode()
    file.write_bytes(gzip.compress(text) if file.suffix == ".gz" else text)
    return file


def stored() -> pl.DataFrame:
    async def read() -> pl.DataFrame:
        database = await Database.connect(os.environ["PUNKCAST_DATABASE_URL"])
        try:
            return await database.run(event_repository.read_events)
        finally:
            await database.close()

    return asyncio.run(read()).select(*EVENT_SCHEMA)


def test_a_directory_of_pages_is_imported_once(tmp_path: Path, contract: PunksContract) -> None:
    write(tmp_path / "pages" / "2.json", contract.logs[1:])
    write(tmp_path / "pages" / "1.json.gz", contract.logs[:3])
    printed = run("import", str(tmp_path / "pages"))
    assert "5 logs of 2 page(s) are 4 events\n" in printed
    assert "4 events appended, 0 known already" in printed
    assert "0 events appended, 4 known already" in run("import", str(tmp_path / "pages"))
    assert_frame_equal(stored(), contract.frame())


def test_pages_of_a_test_chain_s_contract_are_imported_by_its_address(tmp_path: Path, contract: PunksContract) -> None:
    market = "0x" + "9" * 40
    page = write(tmp_path / "page.json", [{**one, "address": market} for one in contract.logs])
    with pytest.raises(InvalidInputError, match="none of its 5 logs is of the market's contract"):
        run("import", page)
    assert "4 events appended" in run("import", page, "--market", market)
    assert_frame_equal(stored(), contract.frame())


def test_pages_alone_give_sales_because_the_punks_are_in_the_package(tmp_path: Path, contract: PunksContract) -> None:
    run("import", str(write(tmp_path / "page.json", contract.logs)))
    run("export", "sales", "--out", str(tmp_path / "sales.parquet"))
    sales = pl.read_parquet(tmp_path / "sales.parquet")
    assert sales.select("punk_id", "price_wei", "seller", "buyer", "valid").rows() == [(1, "7", ANN, BEN, False)]


def test_a_market_of_other_punks_keeps_them_when_pages_follow(tmp_path: Path, contract: PunksContract) -> None:
    contract.frame()[:3].write_parquet(tmp_path / "events.parquet")
    punks_frame().write_parquet(tmp_path / "punks.parquet")
    run("import", str(tmp_path))
    run("import", str(write(tmp_path / "pages" / "page.json", contract.logs[3:])))
    assert_frame_equal(stored(), contract.frame())
    packaged_punks().write_parquet(tmp_path / "punks.parquet")
    with pytest.raises(ConflictError, match="other punk attributes are stored already"):
        run("import", str(tmp_path))


def test_a_bid_from_before_a_page_is_taken_from_the_database(tmp_path: Path, contract: PunksContract) -> None:
    run("import", str(write(tmp_path / "1.json", contract.logs[:3])))
    assert "1 events appended" in run("import", str(write(tmp_path / "2.json", contract.logs[3:])))
    assert_frame_equal(stored(), contract.frame())


def test_event_files_and_the_pages_that_follow_them_are_imported_together(
    tmp_path: Path, contract: PunksContract
) -> None:
    write(tmp_path / "pages" / "3.json", contract.logs[2:])
    contract.frame()[:3].write_parquet(tmp_path / "pages" / "events.parquet")
    assert "4 events appended, 1 known already" in run("import", str(tmp_path / "pages"))
    assert_frame_equal(stored(), contract.frame())


def test_a_page_whose_bid_is_nowhere_imports_nothing(tmp_path: Path, contract: PunksContract) -> None:
    page = write(tmp_path / "page.json", contract.logs[3:])
    with pytest.raises(MissingBidsError):
        run("import", page)
    contract.frame()[:1].write_parquet(tmp_path / "events.parquet")
    with pytest.raises(MissingBidsError):
        run("import", tmp_path)
    assert stored().is_empty()


def test_earlier_events_may_be_given_without_being_imported(tmp_path: Path, contract: PunksContract) -> None:
    contract.frame().write_parquet(tmp_path / "events.parquet")
    page = write(tmp_path / "pages" / "page.json", contract.logs[3:])
    assert "1 events appended" in run("import", str(page), "--history", str(tmp_path / "events.parquet"))
    assert_frame_equal(stored(), contract.frame()[3:])


def test_one_bad_log_in_one_page_imports_nothing(tmp_path: Path, contract: PunksContract) -> None:
    write(tmp_path / "1.json", contract.logs[:2])
    write(tmp_path / "2.json", [contract.logs[2], {**contract.logs[3], "data": "0x1"}])
    with pytest.raises(InvalidInputError, match=r"2\.json: log 2: data must be 0x and whole bytes"):
        run("import", tmp_path)
    assert stored().is_empty()


def test_a_page_that_contradicts_the_stored_events_changes_nothing(tmp_path: Path, contract: PunksContract) -> None:
    run("import", str(write(tmp_path / "1.json", contract.logs)))
    changed = [*contract.logs[:1], {**contract.logs[1], "data": f"0x{8:064x}"}, *contract.logs[2:]]
    with pytest.raises(ConflictError, match="is stored with price_wei '9', not '8'"):
        run("import", write(tmp_path / "1.json", changed))
    assert_frame_equal(stored(), contract.frame())


def test_the_output_tells_of_listings_whose_seller_is_unknown(tmp_path: Path, contract: PunksContract) -> None:
    contract.offer_punk_for_sale(BEN, 1, 3)
    printed = run("import", str(write(tmp_path / "1.json", contract.logs[-1:])))
    assert "1 listings or their ends have no seller" in printed
