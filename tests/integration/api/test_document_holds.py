"""schemathesis asks the served gateway whatever its document allows, and a good deal that it does not.

Each caller asks: nobody, the operator, a key of each scope, and a key that is none.

`PUNKCAST_FUZZ_EXAMPLES` is how many cases each operation gets (`make fuzz` asks for many more).
"""

import asyncio
import os
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.api import bootstrap
from services.api.openapi import document
from shared.database.pool import Connection
from shared.registry import api_keys
from shared.settings import Settings
from tests.factories.database import Database
from tests.integration.api import filling
from tests.integration.api.filling import Happening
from tests.plugins.postgres import fresh as fresh_database

EXAMPLES = int(os.environ.get("PUNKCAST_FUZZ_EXAMPLES", "64"))
ENOUGH = 2_000
KEY = "an operator's key for this test alone"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ENDLESS = {"stream_events"}
OPERATIONS = sorted(
    operation["operationId"]
    for path in document()["paths"].values()
    for operation in path.values()
    if operation["operationId"] not in ENDLESS
)
NOBODY: dict[str, str] = {}
asked = 0


class Served(threading.Thread):
    """The gateway as a process serves it, on a port and an event loop of its own."""

    def __init__(self, url: str) -> None:
        super().__init__(name="gateway", daemon=True)
        self._url = url
        self._settings = Settings(operator_key=KEY, api_port=1, rate_limit="off", write_rate_limit="off")
        self.ready = threading.Event()
        self.port = 0
        self.callers = [NOBODY, _bearer(KEY), _bearer("pk_nobody_nothing")]

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        database = await Database.connect(self._url)
        await database.run(_fill)
        for scope in api_keys.SCOPES:
            made = await database.run(api_keys.create, name=f"a {scope} key", scopes=[scope], at=datetime.now(UTC))
            self.callers.append(_bearer(made.key))
        server = bootstrap.server(bootstrap.build(database=database, settings=self._settings), self._settings)
        server.config.port = 0
        self._server = server
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        self.port = server.servers[0].sockets[0].getsockname()[1]
        await asyncio.sleep(1.0)  # the follower takes the generation over
        self.ready.set()
        await serving
        await database.close()

    def stop(self) -> None:
        self._server.should_exit = True
        self.join(30)


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def _fill(connection: Connection) -> None:
    await filling.fill_punks(connection, 60)
    model, *_ = [await filling.fill_model(connection, number, champion=number == 1) for number in (1, 2, 3)]
    generation = await filling.publish(connection, model, as_of=filling.NOW - timedelta(days=1))
    listed, sold = Happening("listed", 1, 20, 39.0, "0x1"), Happening("sale", 2, 3, 41.0, "0x1", "0x2")
    excluded = Happening("sale", 3, 2, 1.0, "0x1", "0x2", exclusion="far_below_floor")
    await filling.happen(connection, listed, sold, excluded)
    await filling.score(connection, generation=generation, model=model, punk=2, value_eth=42.0)


@pytest.fixture(scope="module")
async def gateway(postgres_url: str, template_database: str) -> Any:
    async with fresh_database(postgres_url, template=template_database, purpose="fuzz") as url:
        thread = Served(url)
        thread.start()
        assert await asyncio.to_thread(thread.ready.wait, 60)
        schema = await asyncio.to_thread(schemathesis.openapi.from_url, f"http://127.0.0.1:{thread.port}/openapi.json")
        yield schema, thread.callers
        await asyncio.to_thread(thread.stop)


@pytest.mark.parametrize("operation_id", OPERATIONS)
async def test_every_answer_is_one_the_document_promises(gateway: Any, operation_id: str) -> None:
    schema, callers = gateway
    operation = schema.find_operation_by_id(operation_id)

    @hypothesis.settings(
        max_examples=EXAMPLES, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        caller=st.sampled_from(callers),
    )
    def ask(case: Any, caller: dict[str, str]) -> None:
        global asked  # noqa: PLW0603
        asked += 1
        case.call_and_validate(headers=caller, checks=CHECKS)

    await asyncio.to_thread(ask)


def test_that_were_enough_cases(request: pytest.FixtureRequest) -> None:
    chosen = {item.name for item in request.session.items}
    if sum(name.startswith("test_every_answer") for name in chosen) < len(OPERATIONS):
        pytest.skip("only some of the operations were asked")
    assert asked >= ENOUGH
