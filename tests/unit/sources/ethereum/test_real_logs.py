from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from shared.market.events import contract_keys
from shared.sources.ethereum.bids import StandingBids
from shared.sources.ethereum.decoder import MissingBidsError, decode
from shared.sources.ethereum.history import decode_with_history
from shared.sources.ethereum.log_pages import read_log_pages
from shared.sources.ethereum.raw_logs import raw_logs
from shared.sources.event_files import read_event_files
from shared.sources.market_files import page_paths
from tests.factories.event_logs import event_logs


@pytest.fixture(scope="module")
def history(market_data: Path) -> pl.DataFrame:
    return read_event_files(market_data / "events.parquet").events


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "count"), [("3914495_3918433.json.gz", 1_000), ("10990044_11001090.json.gz", 736)])
def test_real_pages_are_the_recorded_events(market_data: Path, history: pl.DataFrame, name: str, count: int) -> None:
    logs = read_log_pages([market_data / "raw_logs" / name])
    events = decode_with_history(logs, history)
    assert events.height == count
    # The recorded events from the first log's place to the last one's.
    assert_frame_equal(events, history.filter(contract_keys(history).is_between(*contract_keys(logs)[[0, -1]])))


@pytest.mark.realdata
def test_real_pages_of_different_years_decode_together(market_data: Path, history: pl.DataFrame) -> None:
    logs = read_log_pages(page_paths(market_data / "raw_logs"))
    events = decode_with_history(logs, history)
    assert events.height == 1_736
    assert_frame_equal(events, history.join(events, on=["block", "log_index"], how="semi", maintain_order="left"))


@pytest.mark.realdata
def test_a_real_page_without_history_names_the_bids_that_were_placed_before_it(market_data: Path) -> None:
    logs = read_log_pages([market_data / "raw_logs" / "10990044_11001090.json.gz"])
    with pytest.raises(MissingBidsError) as caught:
        decode(logs, StandingBids())
    assert [(bid.punk_id, bid.block) for bid in caught.value.missing] == [(8671, 10_990_900), (4326, 10_991_692)]


@pytest.mark.realdata
def test_the_whole_history_written_back_as_logs_decodes_to_itself(history: pl.DataFrame) -> None:
    """Every accepted bid and every seller of eight years, page by page from an empty state."""
    bids, logs = StandingBids(), 0
    for events in history.iter_slices(40_000):
        page = raw_logs(event_logs(events), "page")
        logs += page.height
        assert_frame_equal(decode(page, bids), events)
    assert logs > history.height + 60_000
