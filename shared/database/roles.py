"""What each service's login may do in the database.

`punkcast migrate` gives every service a role of PostgreSQL, `punkcast_<service>`, without a password. Either that role
gets one, or another login becomes its member. A role reads every table but those with secrets, and writes what
`WRITES` names. Only the nowcaster's role owns something: `nowcasts`, whose partitions retention makes and rewrites. No
other role can drop a trigger, truncate a table or create one.
"""

from collections.abc import Mapping, Set
from typing import Final, NamedTuple

import asyncpg

from shared.database.pool import Connection

_APPEND, _PUT, _ALL = "insert", "insert, update", "insert, update, delete"
# Single columns, so that no body and no secret is read.
_WITHDRAWS = "update (next_attempt_at), update (error)"
_MESSAGES = {"inbox": "insert, delete", "outbox": _ALL}
# Whoever may move the model pointer: with a decision on record, as the triggers demand.
_DECIDES = {
    "decisions": _APPEND,
    "gate_evidence": _APPEND,
    "policies": _APPEND,
    "models": "update",
    "model_pointer": _PUT,
    "model_pointer_history": _APPEND,
    "promotions": _PUT,
    "shadows": _PUT,
}

SECRET: Final = frozenset({"api_keys", "idempotency_keys", "webhooks", "webhook_deliveries"})
"""Tables with secrets of clients. A role reads one only if `READS_SECRETS` says so."""

READS_SECRETS: Final[Mapping[str, Mapping[str, str]]] = {
    "api": {
        "api_keys": "select",
        "idempotency_keys": "select",
        "webhooks": "select",
        "webhook_deliveries": "select (webhook_id), select (event), select (next_attempt_at)",
    },
    "operator": {
        "api_keys": "select (key_id), select (revoked_at), select (expires_at)",
        "idempotency_keys": "select",
    },
    "notifier": {"webhooks": "select", "webhook_deliveries": "select"},
    "monitor": {
        "api_keys": "select (key_id), select (revoked_at), select (expires_at)",
        "webhooks": "select (webhook_id), select (key_id), select (state)",
        "webhook_deliveries": "select (webhook_id), select (next_attempt_at)",
        "idempotency_keys": "select (created_at)",
    },
}

WRITES: Final[Mapping[str, Mapping[str, str]]] = {
    "api": {
        "training_requests": _PUT,
        "webhooks": _ALL,
        "webhook_deliveries": _WITHDRAWS,  # another challenge takes the place of the last
        "idempotency_keys": _APPEND,
        "outbox": _APPEND,
        "api_keys": "update (last_used_at)",  # also to hold a key while a transaction acts in its name
    },
    # The gateway's second login, for acts that need the scope `operate`.
    "operator": {
        **_DECIDES,
        "freezes": _PUT,
        "alerts": _APPEND,
        "idempotency_keys": _APPEND,
        "outbox": _APPEND,
        "api_keys": "update (last_used_at)",
    },
    "ingestor": {
        **_MESSAGES,
        "punks": _APPEND,
        "eth_usd_daily": _PUT,
        "market_events": _PUT,
        "market_events_seq_seq": "update",  # events get their numbers from the ingestor
        "market_revisions": _APPEND,
        "market_source": _PUT,
        "source_state": _PUT,
        "chain_cursor": _PUT,
        "chain_blocks": _ALL,
        "sales": _PUT,
        "outcomes": _APPEND,
        "offers": _ALL,
        "offers_reach": "update",
    },
    "nowcaster": {
        **_MESSAGES,
        "snapshots": _APPEND,
        "archives": _PUT,
        "generations": _APPEND,
        "nowcasts": "insert, delete",
        "thinned_generations": _PUT,
        "job_runs": _ALL,
        "nowcast_pointer": _PUT,
        # To lock the row while it publishes. The column has one value, so the right moves no pointer.
        "model_pointer": "update (only_row)",
        "nowcast_failures": _APPEND,
        "explanations": "insert, delete",
        "market_days": _PUT,
        "unsupported_models": _PUT,
        "log_entries": _APPEND,
        "log_checkpoints": _APPEND,
        "signing_keys": _APPEND,
        "alerts": _APPEND,
        "training_requests": _PUT,
    },
    "trainer": {
        **_MESSAGES,
        "training_requests": _PUT,
        "models": _APPEND,
        "model_signatures": _APPEND,
        "signing_keys": _APPEND,
        "snapshots": _APPEND,
        "archives": _APPEND,
    },
    "gatekeeper": {**_MESSAGES, **_DECIDES},
    "monitor": {
        **_MESSAGES,
        **_DECIDES,
        "monitor_tests": _PUT,
        "monitor_steps": _APPEND,
        "freezes": _APPEND,
        "alerts": _APPEND,
        "training_requests": _PUT,
        # To end what an expired key began.
        "api_keys": "update (revoked_at)",
        "webhooks": "update (state), update (disabled_reason)",
        "webhook_deliveries": _WITHDRAWS,
        "idempotency_keys": "delete",
    },
    "notifier": {
        **_MESSAGES,
        "webhooks": _ALL,
        "webhook_deliveries": _ALL,
        "deals_told": _ALL,
        "webhook_rates": _ALL,
    },
    "backtester": {
        **_MESSAGES,
        "backtests": "insert, delete",
        "backtest_days": _APPEND,
        "backtest_trades": _APPEND,
    },
    "scheduler": _MESSAGES,
}
"""Service → table → what it may do there beside reading."""

OWNER: Final = "nowcaster"
OWNED: Final = "nowcasts"
"""A table of which `OWNER` owns all partitions."""

_TABLES_SQL = """
select relname from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'S') and not relispartition
"""
_ROLES_SQL = "select rolname from pg_roles where rolname = any($1::text[])"
# Rights on whole tables, and on single columns: `select (created_at)`.
_RIGHTS_SQL = """
select pg_get_userbyid(grantee) as role, relname as "table", lower(privilege_type) || column_part as privilege
from (
    select relname, '' as column_part, (aclexplode(relacl)).* from pg_class
    where relnamespace = 'public'::regnamespace
    union all
    select relname, ' (' || attname || ')', (aclexplode(attacl)).*
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace
) granted
where grantee <> grantor and pg_get_userbyid(grantee) = any($1::text[])
"""
_NOT_OWNED_SQL = """
select oid::regclass::text from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname like $1 and relowner <> $2::regrole
"""
_OWNER = (f"grant punkcast_{OWNER} to current_user", f"grant create on schema public to punkcast_{OWNER}")


class Right(NamedTuple):
    """What a role may do with a table."""

    role: str
    table: str
    privilege: str


def role_of(service: str) -> str:
    """The name of a service's role."""
    return f"punkcast_{service}"


def rights_on(tables: Set[str]) -> set[Right]:
    """The rights of all services on these tables."""
    found = set()
    for service, writes in WRITES.items():
        open_to_it = dict.fromkeys(tables - SECRET, "select")
        for rights in (open_to_it, READS_SECRETS.get(service, {}), writes):
            found |= {
                Right(role_of(service), table, privilege)
                for table, privileges in rights.items()
                for privilege in privileges.split(", ")
                if table in tables
            }
    return found


async def grant(connection: Connection) -> list[str]:
    """Create the roles that are missing, and give every role its rights, no more. A second run changes nothing.

    Roles belong to the server: other databases may hold the same ones, and create them at the same time.

    Returns:
        The roles that are still missing, because this user may not create roles.
    """
    roles = [role_of(service) for service in WRITES]
    missing = await _create(connection, roles)
    tables = {row["relname"] for row in await connection.fetch(_TABLES_SQL)}
    by_owning = {(role_of(OWNER), OWNED)}
    wanted = {
        right for right in rights_on(tables) if right.role not in missing and (right.role, right.table) not in by_owning
    }
    granted = {Right(**row) for row in await connection.fetch(_RIGHTS_SQL, roles)}
    statements = [
        *(f"revoke {right.privilege} on {right.table} from {right.role}" for right in sorted(granted - wanted)),
        *(f"grant {right.privilege} on {right.table} to {right.role}" for right in sorted(wanted - granted)),
    ]
    if role_of(OWNER) not in missing:
        others = await connection.fetch(_NOT_OWNED_SQL, f"{OWNED}%", role_of(OWNER))
        if others:
            statements = [
                *_OWNER,
                *(f"alter table {row[0]} owner to {role_of(OWNER)}" for row in others),
                *statements,
            ]
    if statements:
        async with connection.transaction():
            await connection.execute(";\n".join(statements))
    if missing:
        import structlog  # noqa: PLC0415 - slow to load, and the commands that migrate nothing import this module

        structlog.get_logger(__name__).warning(
            "some services have no database role, because this user may not create roles",
            missing=missing,
            next_step="create them as docs/security.md shows, then migrate again",
        )
    return missing


async def _create(connection: Connection, roles: list[str]) -> list[str]:
    """Create the roles that are missing. Returns those that are still missing."""
    missing = await _missing(connection, roles)
    for role in missing:
        try:
            await connection.execute(f"create role {role} nologin")
        except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            continue  # another database's migration was faster
        except asyncpg.InsufficientPrivilegeError:
            break
    return await _missing(connection, roles) if missing else []


async def _missing(connection: Connection, roles: list[str]) -> list[str]:
    present = {row["rolname"] for row in await connection.fetch(_ROLES_SQL, roles)}
    return [role for role in roles if role not in present]
