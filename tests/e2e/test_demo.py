"""The demo plays the market of the settings, and serves what it left."""

import re
import signal

from tests.e2e.command import Home, end_of, serving

SHORT = "simulated://?seed=18&days=2&history_days=200"


async def test_it_ends_after_the_summary_or_serves_what_was_played(home: Home) -> None:
    played = (await home.run("demo", DEMO_EXIT="1", PUNKCAST_SOURCE_URL=SHORT)).succeeded()
    assert "Playing a simulated market from 2024-01-01 to 2024-01-02" in played.output
    for line in ("nowcasts published", "sales scored", "median APE of the floor", "contenders", "rollbacks"):
        assert line in played.output
    scored = int(_figure("sales scored", played.output))
    assert scored == int(_figure("valid sales", played.output)) > 10

    # Once more, with the gateway: nothing is played again.
    async with serving(home, "demo", PUNKCAST_SOURCE_URL=SHORT) as (process, client):
        got = {
            path: (await client.get(path)).raise_for_status()
            for path in ("/v1/punks/1", "/v1/models/current", "/v1/performance", "/openapi.json")
        }
        base = str(client.base_url)
        process.send_signal(signal.SIGINT)
        served = await end_of(process)
    assert (served.code, served.errors) == (0, "")
    assert "was played before" in served.output
    assert f"serving on {base.rstrip('/')} (Ctrl-C ends it)" in served.output

    answers = {path: answer.json() for path, answer in got.items()}
    punk = answers["/v1/punks/1"]
    assert punk["generation"]["as_of"] == "2024-01-03T00:00:00Z"
    assert got["/v1/punks/1"].headers["punkcast-degraded"] == "nowcast_stale"
    assert answers["/v1/models/current"]["model"]["model_id"] == punk["generation"]["model_id"]
    assert answers["/v1/performance"]["by_horizon"]["latest"]["champion"]["n"] >= scored
    assert "/v1/punks/{punk_id}" in answers["/openapi.json"]["paths"]


def _figure(name: str, output: str) -> str:
    figure = re.search(rf"{name} +│ +([0-9,.]+)", output)
    assert figure, output
    return figure[1]
