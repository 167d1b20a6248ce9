"""Models, sales and nowcast outcomes straight into the tables, for tests of what reads them."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from re import fullmatch
from typing import Any
from uuid import UUID, uuid4, uuid5

from services.gatekeeper import conclusions
from shared.clock import ManualClock
from shared.database.pool import Connection, Database
from shared.evaluation.canonical import canonical_json
from shared.evaluation.checks import Action, Check
from shared.evaluation.policy import load_policy
from shared.messaging.transaction import Transaction, originating
from shared.registry import audit, decisions, models, operations, pointer, training_requests
from shared.registry.decisions import Decision
from shared.registry.models import ModelRecord
from tests.factories.rows import ETH, a_generation_of, a_sale_by, an_event, an_outcome

NAMESPACE = UUID("1d3f8f5e-8f6c-4a53-9d0c-2b6b3a1f0c55")
PRICE_ETH = 50


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def model_id(name: str) -> str:
    """The id of the model that tests call `name`; an id stays what it is."""
    return name if fullmatch("m-[0-9a-f]{16}", name) else f"m-{sha(name)[:16]}"


async def snapshot(connection: Connection, name: str, kind: str, at: datetime, *, identity: str | None = None) -> str:
    """A snapshot's row under `identity`, by default the hash of `name`; one that is stored already stays."""
    identity = sha(name) if identity is None else identity
    await connection.execute(
        "insert into snapshots values ($1, $2, $3, 0, 0, 1, 'f', $3) on conflict do nothing", identity, kind, at
    )
    return identity


def record(name: str, at: datetime, **fields: Any) -> ModelRecord:
    """A registered model that nothing stores; `fields` replace what is made up."""
    digest = sha(name)
    made_up = {
        "model_id": model_id(name), "state": "registered", "artifact_key": f"models/{digest[:2]}/{digest}.json",
        "artifact_sha256": digest, "artifact_bytes": 10, "artifact_format": "f", "xgboost_version": "3",
        "git_sha": "abc", "git_dirty": False, "environment_hash": "e", "training_snapshot": sha(f"training {name}"),
        "evaluation_snapshot": sha(f"evaluation {name}"), "data_cutoff": at, "training_rows": 1000,
        "feature_schema": "f", "params": {"eta": 0.05}, "seed": 7, "report": {"sales": 240},
        "training_request": uuid5(NAMESPACE, name), "parent_model": None, "registered_at": at,
    }  # fmt: skip
    return ModelRecord(**(made_up | fields))


async def request(connection: Connection, reason: str, at: datetime, **fields: Any) -> bool:
    """Ask for a training; whether the request was queued."""
    facts = {"request_id": uuid4(), "requested_by": "test", "origin": "operator", "data_cutoff": None} | fields
    return await training_requests.enqueue(connection, reason=reason, at=at, **facts)


async def contender(connection: Connection, name: str, at: datetime, **fields: Any) -> ModelRecord:
    """A registered model with everything it refers to; what of that is stored already stays."""
    made = record(name, at, **fields)
    await request(connection, name, at, request_id=made.training_request)
    await snapshot(connection, name, "training", at, identity=made.training_snapshot)
    await snapshot(connection, name, "evaluation", at, identity=made.evaluation_snapshot)
    assert await models.register(connection, made)
    return made


async def evaluated(connection: Connection, name: str, at: datetime) -> None:
    """A contender that its gate has judged."""
    await contender(connection, name, at)
    await models.transition(connection, model_id(name), expected="registered", to="evaluated")


def decision(
    name: str, at: datetime, *, generation: int, action: Action = "promote", champion: str | None = None
) -> Decision:
    return Decision(
        kind="gate",
        subject_model=model_id(name),
        champion_model=champion,
        verdict="pass",
        action=action,
        policy_hash=load_policy().policy_hash,
        evidence=canonical_json({"name": name, "generation": generation}),
        actor="test",
        reason="because",
        expected_generation=generation,
        decided_at=at,
    )


async def promote(
    connection: Connection, name: str, at: datetime, *, register: bool = True, checks: Sequence[Check] = ()
) -> Decision:
    """A contender, promoted as the gatekeeper does; without `register` the registry has it, judged."""
    if register:
        await evaluated(connection, name, at)
    here = await pointer.read(connection)
    made = decision(name, at, generation=0 if here is None else here.generation)
    await decisions.record(connection, made, checks, load_policy())
    await operations.carry_out_promotion(Transaction(connection, ManualClock(at), source="test"), made)
    return made


async def promote_by_hand(database: Database, name: str, at: datetime) -> None:
    """The judged contender is promoted by ada."""
    act = operations.Act(model_id(name), "ada", f"{name} is good", at)
    async with originating(database, ManualClock(at), source="test") as transaction:
        await operations.promote(transaction, act, load_policy())


async def start_shadow(connection: Connection, name: str, at: datetime, *, register: bool = True) -> None:
    """A contender that runs as a shadow; without `register` the registry has it, judged."""
    if register:
        await evaluated(connection, name, at)
    here = await pointer.read(connection)
    made = decision(name, at, generation=here.generation, action="start_shadow", champion=here.model_id)
    await decisions.record(connection, made, (), load_policy())
    transaction = Transaction(connection, ManualClock(at), source="test")
    await conclusions.start_shadow(transaction, made, here.model_id)


async def roll_back(connection: Connection, name: str, at: datetime, *, to: str) -> None:
    """The champion `name` is replaced by the champion before it, as the monitor does."""
    here = await pointer.read(connection)
    made = decision(name, at, generation=here.generation, action="rollback")
    await decisions.record(connection, made, (), load_policy())
    transaction = Transaction(connection, ManualClock(at), source="test")
    await operations.carry_out_rollback(transaction, made, to=model_id(to))


async def generation(
    connection: Connection,
    name: str,
    at: datetime,
    *,
    role: str = "champion",
    rows: int = 10_000,
    punks: int = 10_000,
    value_wei: int = 10,
) -> int:
    """A published generation that says it has `rows` rows and has `punks`."""
    instant = await snapshot(connection, f"nowcast {at.isoformat()}", "nowcast", at)
    identity = await a_generation_of(
        connection, model_id(name), instant, role=role, as_of=at, published_at=at, row_count=rows
    )
    await connection.execute(
        """insert into nowcasts select $1, n, v, v, v, v, v, v, v, 'A'
           from generate_series(0, $2 - 1) n, cast($3::bigint as numeric) v""",
        identity,
        punks,
        value_wei,
    )
    return identity


async def publish(connection: Connection, name: str, at: datetime, *, role: str = "champion") -> int:
    """A generation of a model that is registered from now on."""
    if not await connection.fetchval("select 1 from models where model_id = $1", model_id(name)):
        await contender(connection, name, at)
    return await generation(connection, name, at, role=role)


async def nowcast_failure(
    connection: Connection, name: str, at: datetime, *, refused: bool = True, valued_by: Sequence[str] = ()
) -> None:
    """A cycle that the model could not value, as the nowcaster notes it."""
    await connection.execute(
        "insert into nowcast_failures values ($1, $2, 'champion', $3, 'the values are nonsense', $4, $2)",
        model_id(name),
        at,
        refused,
        [model_id(other) for other in valued_by],
    )


async def findings(connection: Connection) -> list[audit.Finding]:
    """Every decision, made again from its record."""
    return [await audit.verify(connection, identity) for identity in await audit.identities(connection)]


async def tamper(connection: Connection, statement: str, *arguments: object) -> Any:
    """What somebody changes who owns the database and turns the triggers off; the value that it returns."""
    await connection.execute("set local session_replication_role = replica")
    return await connection.fetchval(statement, *arguments)


@dataclass
class Sales:
    """Adds sales one after the other, an hour apart, each valued by the given models."""

    generation_id: int
    at: datetime
    gap: timedelta = timedelta(hours=1)
    count: int = 0

    async def add(
        self, connection: Connection, errors: dict[str, float], *, tx_hash: str | None = None, inside: bool = True
    ) -> datetime:
        """One sale for 50 ETH; `errors` are ln(value / price) by model name, `inside` whether the intervals held."""
        self.count += 1
        if tx_hash is None:
            self.at += self.gap
            tx_hash = f"0x{self.count:064x}"
        sold = {"tx_hash": tx_hash, "event_time": self.at, "punk_id": 1, "price_wei": PRICE_ETH * ETH}
        block = self.count + int(self.at.timestamp())
        seq = await an_event(connection, **sold, block=block, known_at=self.at, event_type="sale", sale_kind="buy")
        await a_sale_by(connection, seq, **sold)
        for place, (name, error) in enumerate(errors.items()):
            value_gwei = round(PRICE_ETH * math.exp(error) * 1e9)
            outcome = {
                "track": "champion" if place == 0 else "previous", "value_wei": value_gwei * 10**9,
                "price_wei": PRICE_ETH * ETH, "floor_wei": 40 * ETH, "scored_at": self.at,
                "log_error": math.log(value_gwei / (PRICE_ETH * 1e9)), "in50": inside, "in80": inside, "in90": inside,
            }  # fmt: skip
            await an_outcome(connection, seq, model_id(name), self.generation_id, **outcome)
        return self.at
