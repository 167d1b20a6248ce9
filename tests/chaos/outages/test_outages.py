"""The servers themselves fail. Services go on by themselves, the gateway answers reads, and probes tell the truth."""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import suppress

import aio_pika
import asyncpg
import pytest

from tests.chaos.conftest import LINES
from tests.chaos.outages.stage import Stage, staged
from tests.chaos.supervisor import SERVICES
from tests.factories.folders import server_folder
from tests.plugins.rabbitmq import _teller
from tests.plugins.rabbitmq_node import stoppable_node

FROZEN_S = 65.0
"""More than two heartbeats of the broker."""


@pytest.fixture(scope="module")
async def stage(
    request: pytest.FixtureRequest, s3_endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    databases = server_folder("punkcast-pg-")
    try:
        with stoppable_node(_teller(request.config)) as broker:
            async with staged(tmp_path_factory.mktemp("outages"), databases, broker, s3_endpoint) as stage:
                yield stage
                request.config.stash.setdefault(LINES, []).extend(
                    f"{outage:<32} next nowcast {seconds:6.1f} s after its end"
                    for outage, seconds in stage.recoveries_s.items()
                )
    finally:
        shutil.rmtree(databases, ignore_errors=True)


async def readable(stage: Stage) -> str:
    """Read values from the gateway; returns its flags."""
    answer = await stage.gateway.get("/v1/punks/1")
    assert answer.status_code == 200, answer.text
    assert float(answer.json()["value"]["eth"]) > 0
    return str(answer.headers.get("punkcast-degraded", ""))


async def flagged(stage: Stage, flag: str) -> bool:
    return flag in await readable(stage)


async def test_the_broker_is_stopped_and_started_again(stage: Stage) -> None:
    await asyncio.to_thread(stage.broker.stop)
    await stage.reached("the trainer is not ready", lambda: unready(stage, "trainer"))
    assert await readable(stage) == ""
    await asyncio.to_thread(stage.broker.start)
    async with stage.goes_on("broker restarted"):
        pass


async def unready(stage: Stage, *names: str) -> bool:
    statuses = await stage.readiness()
    return all(statuses[name] == 503 for name in names)


async def test_a_consumers_queue_is_deleted(stage: Stage) -> None:
    async with await aio_pika.connect(stage.broker.url) as connection, connection.channel() as channel:
        await channel.queue_delete(stage.layout.queue("nowcaster"))
    async with stage.goes_on("queue deleted"):
        await stage.reached("the queue is back", lambda: has_consumer(stage, "nowcaster"))


async def has_consumer(stage: Stage, consumer: str) -> bool:
    async with await aio_pika.connect(stage.broker.url) as connection, connection.channel() as channel:
        try:
            queue = await channel.declare_queue(stage.layout.queue(consumer), passive=True)
        except aio_pika.exceptions.ChannelClosed:
            return False
        return bool(queue.declaration_result.consumer_count)


async def test_an_alarm_blocks_the_publishers(stage: Stage) -> None:
    slot = await stage.tick("nowcast")
    await asyncio.to_thread(stage.broker.control, "set_vm_memory_high_watermark", "absolute", "1")
    await asyncio.sleep(5)
    assert await readable(stage) == ""
    await asyncio.to_thread(stage.broker.control, "set_vm_memory_high_watermark", "0.8")
    async with stage.goes_on("publishers blocked"):
        await stage.reached("the nowcast from before", lambda: stage._published(slot))
    await stage.reached("an empty outbox", lambda: stage.ask("select not exists (select from outbox)"))


@pytest.mark.parametrize("how", ["fast", "immediate"])
async def test_the_database_is_restarted(stage: Stage, how: str) -> None:
    primary, _ = stage.databases
    slot = await stage.tick("nowcast")
    await stage.request_training(f"before a restart of the database ({how})")
    await asyncio.to_thread(primary.stop, how=how)
    await stage.reached("every process says so", lambda: unready(stage, "nowcaster", "trainer", "notifier"))
    await stage.reached("the gateway flags it", lambda: flagged(stage, "database_away"))
    await asyncio.to_thread(primary.start)
    async with stage.goes_on(f"database restarted ({how})"):
        await stage.reached("the nowcast from before", lambda: stage._published(slot))


async def test_locks_on_every_table_end_after_a_while(stage: Stage) -> None:
    connection = await asyncpg.connect(stage.database_url)
    async with connection.transaction():
        await connection.execute("lock table generations, nowcasts, inbox, outbox in access exclusive mode")
        await stage.tick("nowcast", "monitor", "ingest")
        await asyncio.sleep(10)
        assert await readable(stage) is not None
    await connection.close()
    async with stage.goes_on("tables locked"):
        pass


@pytest.mark.parametrize("fault", ["away", "slow", "error", "corrupt", "full"])
async def test_the_object_store_fails(stage: Stage, fault: str) -> None:
    await stage.request_training(f"before the store was {fault}")
    stage.store.fault, stage.store.faults_served = fault, 0
    await stage.tick("nowcast")
    if fault != "corrupt":  # values are made from what is in memory
        await stage.reached("the fault was met", lambda: stage.store.faults_served > 0)
    assert await readable(stage) == ""
    await asyncio.sleep(3)
    async with stage.goes_on(f"object store {fault}"):
        stage.store.fault = ""


@pytest.mark.parametrize("offset", ["-1h", "+1h"])
async def test_the_clock_of_the_services_is_set_wrong_and_right_again(stage: Stage, offset: str) -> None:
    stage.clock.write_text(offset)
    await stage.tick("ingest", "nowcast", "monitor")
    await asyncio.sleep(5)
    assert await readable(stage) is not None
    async with stage.goes_on(f"clock {offset}"):
        stage.clock.write_text("+0")


async def test_workers_are_frozen_beyond_their_heartbeats(stage: Stage) -> None:
    stage.freeze(*SERVICES, signal_number=signal.SIGSTOP)
    slot = await stage.tick("nowcast")
    await asyncio.sleep(FROZEN_S)
    assert await readable(stage) == ""
    async with stage.goes_on("workers frozen"):
        stage.freeze(*SERVICES, signal_number=signal.SIGCONT)
        await stage.reached("the nowcast from before", lambda: stage._published(slot))


async def test_the_disk_of_the_database_is_full(stage: Stage) -> None:
    if not stage.disk.is_mount():
        pytest.skip("needs the right to mount: the full disk is a small tmpfs")
    primary, _ = stage.databases
    ballast = stage.disk / "ballast"
    with ballast.open("wb") as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 20))
    await stage.request_training("during a full disk")
    await stage.tick("nowcast", "ingest", "monitor")
    await asyncio.sleep(8)
    assert await readable(stage) is not None
    async with stage.goes_on("disk full"):
        ballast.unlink()
        if not primary.running:  # it ends itself when its log finds no place
            await asyncio.to_thread(primary.start)


async def test_the_database_fails_over_to_its_standby(stage: Stage) -> None:
    primary, standby = stage.databases
    await asyncio.to_thread(primary.stop)  # not before the standby has everything
    assert await readable(stage) is not None
    await asyncio.to_thread(standby.promote)
    async with stage.goes_on("database failed over"):
        pass


async def test_no_process_ended_and_nothing_is_left_behind(stage: Stage) -> None:
    assert stage.supervisor.deaths == [], stage.supervisor.tails()
    await stage.reached("an empty outbox", lambda: stage.ask("select not exists (select from outbox)"))
    await stage.reached("every requested model", lambda: trained(stage))


async def trained(stage: Stage) -> bool:
    """Whether each request succeeded."""
    counted = await stage.ask(
        "select count(*) from training_requests where status = 'succeeded' and reason = any($1)", stage.requested
    )
    return counted == len(stage.requested)
