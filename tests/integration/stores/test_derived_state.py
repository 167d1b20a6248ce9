"""What deriving the whole real market may cost, measured in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.realdata
def test_deriving_the_real_market_stays_within_a_gibibyte_and_an_update_within_50_ms(market_data: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.market_state", str(market_data)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    measured = json.loads(done.stdout)
    assert measured["peak_mib"] < 1024
    assert measured["update"] < 0.050
