from dataclasses import dataclass

import aiohttp
import pytest

from shared.telemetry import metrics
from shared.telemetry.probes import probes


@dataclass
class Health:
    dead: str | None = None
    unready: str | None = None

    def live(self) -> str | None:
        return self.dead

    async def ready(self) -> str | None:
        return self.unready


async def get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def test_a_healthy_process_is_live_and_ready() -> None:
    async with probes("127.0.0.1", 0, Health()) as port:
        assert await get(port, "/livez") == (200, "ok\n")
        assert await get(port, "/readyz") == (200, "ok\n")
        assert (await get(port, "/elsewhere"))[0] == 404


async def test_an_unhealthy_process_answers_with_the_reason() -> None:
    async with probes("127.0.0.1", 0, Health("no consumer", "database: gone")) as port:
        assert await get(port, "/livez") == (503, "no consumer\n")
        assert await get(port, "/readyz") == (503, "database: gone\n")


async def test_metrics_are_in_prometheus_format() -> None:
    metrics.MESSAGES.labels("probe-test", "t", "done").inc(3)
    async with probes("127.0.0.1", 0, Health()) as port:
        status, text = await get(port, "/metrics")
    assert status == 200
    assert 'punkcast_messages_total{consumer="probe-test",outcome="done",type="t"} 3.0' in text


async def test_a_taken_port_is_an_error_and_a_closed_one_is_free_again() -> None:
    async with probes("127.0.0.1", 0, Health()) as port:
        with pytest.raises(OSError, match=str(port)):
            async with probes("127.0.0.1", port, Health()):
                pass
    async with probes("127.0.0.1", port, Health()) as again:
        assert again == port
