-- migrate:up
-- The whole platform's tables. Truth is here; the broker only carries. Money is exact (wei as numeric), times are UTC.

-- The market ---------------------------------------------------------------------------------------------------------
create table punks (
    punk_id       smallint primary key check (punk_id between 0 and 9999),
    type          text not null,
    skin          text,
    accessories   text[] not null default '{}'
);

create table eth_usd_daily (
    date  date primary key,
    close double precision not null check (close > 0)  -- known only after the day has ended
);

create table market_events (
    seq           bigint generated always as identity primary key,
    block         bigint not null check (block >= 0),
    tx_index      integer not null check (tx_index >= 0),
    log_index     integer not null check (log_index >= 0),
    tx_hash       text not null,
    event_time    timestamptz not null,
    known_at      timestamptz not null,          -- when this platform learned of it
    superseded_at timestamptz,                   -- set, never deleted, when a reorganisation orphans it
    punk_id       smallint not null check (punk_id between 0 and 9999),
    event_type    text not null check (event_type in
        ('claim','listed','delisted','bid','bid_withdrawn','sale','transfer','wrap','unwrap')),
    price_wei     numeric(78, 0) check (price_wei >= 0),
    from_address  text,
    to_address    text,
    sale_kind     text check (sale_kind in ('buy', 'accept_bid'))
);
create unique index market_events_natural_key on market_events (block, log_index) where superseded_at is null;

create table sales (
    event_seq       bigint primary key references market_events (seq),
    block           bigint not null,
    log_index       integer not null,
    tx_hash         text not null,
    event_time      timestamptz not null,
    punk_id         smallint not null,
    price_wei       numeric(78, 0) not null,
    seller          text,
    buyer           text,
    kind            text not null,
    valid           boolean not null,
    exclusion       text,                        -- why it does not count; null exactly when valid
    floor_wei       numeric(78, 0),              -- public floor without this punk, just before
    check (valid = (exclusion is null))
);
create index sales_event_time on sales (event_time);
create index sales_punk on sales (punk_id, event_time);

-- Models -------------------------------------------------------------------------------------------------------------
create table snapshots (
    snapshot_id     text primary key check (snapshot_id ~ '^[0-9a-f]{64}$'),
    kind            text not null check (kind in ('nowcast', 'training', 'evaluation')),
    as_of           timestamptz not null,
    last_event_seq  bigint not null,
    last_block      bigint not null,
    row_count       integer not null,
    feature_schema  text not null,
    created_at      timestamptz not null
);

-- What lies in the object store. A published nowcast does not wait for its archive: the row follows when the file is there.
create table archives (
    kind          text not null check (kind in ('snapshot', 'generation')),
    id            text not null,                 -- snapshot_id or generation_id
    object_key    text not null,
    object_sha256 text not null,
    object_bytes  bigint not null,
    archived_at   timestamptz not null,
    primary key (kind, id)
);

create table training_requests (
    request_id   uuid primary key,
    reason       text not null,
    requested_by text not null,
    data_cutoff  timestamptz,
    status       text not null default 'queued' check (status in ('queued','running','succeeded','failed','cancelled')),
    requested_at timestamptz not null,
    started_at   timestamptz,
    finished_at  timestamptz,
    attempts     integer not null default 0,
    lease_token  uuid,
    lease_until  timestamptz,
    model_id     text,
    error        text
);
create unique index one_open_request_per_reason on training_requests (reason) where status in ('queued', 'running');
create index training_requests_open on training_requests (requested_at) where status in ('queued', 'running');

create table models (
    model_id            text primary key check (model_id ~ '^m-[0-9a-f]{16}$'),
    state               text not null default 'registered' check (state in
        ('registered','evaluated','rejected','shadow','champion','retired','rolled_back','quarantined')),
    artifact_key        text not null,
    artifact_sha256     text not null unique,
    artifact_bytes      bigint not null,
    artifact_format     text not null,
    xgboost_version     text not null,
    git_sha             text not null,
    git_dirty           boolean not null,
    environment_hash    text not null,
    training_snapshot   text not null references snapshots (snapshot_id),
    evaluation_snapshot text not null references snapshots (snapshot_id),
    data_cutoff         timestamptz not null,
    training_rows       integer not null,
    feature_schema      text not null,
    params              jsonb not null,
    seed                integer not null,
    report              jsonb not null,
    training_request    uuid not null unique references training_requests (request_id),
    parent_model        text references models (model_id),
    registered_at       timestamptz not null
);
create unique index one_champion on models (state) where state = 'champion';

create table decisions (
    decision_id         uuid primary key,
    kind                text not null check (kind in ('gate','shadow','rollback','confirm','operator')),
    subject_model       text not null references models (model_id),
    champion_model      text references models (model_id),
    verdict             text not null check (verdict in ('pass','fail','inconclusive','error')),
    action              text not null check (action in ('promote','start_shadow','reject','rollback','confirm','quarantine','none')),
    policy_hash         text not null,
    evidence_hash       text not null,
    evidence            text not null,             -- canonical JSON; the hash is over exactly these bytes
    actor               text not null,
    reason              text not null,
    expected_generation bigint not null,           -- of the model pointer
    decided_at          timestamptz not null
);
create index decisions_time on decisions (decided_at);

create table gate_evidence (
    decision_id uuid not null references decisions (decision_id),
    check_name  text not null,
    verdict     text not null check (verdict in ('pass','fail','inconclusive','error')),
    estimate    double precision,
    interval_lo double precision,
    interval_hi double precision,
    n           integer,
    threshold   double precision,
    detail      text not null default '',
    primary key (decision_id, check_name)
);

-- One row; it moves only through compare-and-swap on `generation`.
create table model_pointer (
    only_row          boolean primary key default true check (only_row),
    model_id          text not null references models (model_id),
    previous_model_id text references models (model_id),
    generation        bigint not null,
    decision_id       uuid not null unique references decisions (decision_id),
    moved_at          timestamptz not null
);

create table model_pointer_history (
    generation        bigint primary key,
    model_id          text not null references models (model_id),
    previous_model_id text references models (model_id),
    decision_id       uuid not null unique references decisions (decision_id),
    moved_at          timestamptz not null
);

create table promotions (
    promotion_id      uuid primary key references decisions (decision_id),
    model_id          text not null references models (model_id),
    previous_model_id text references models (model_id),
    state             text not null check (state in
        ('warm_up','watching','confirmed','rolled_back','superseded')),
    started_at        timestamptz not null,
    ended_at          timestamptz
);
create unique index one_open_promotion on promotions ((true)) where state in ('warm_up', 'watching');

create table shadows (
    model_id    text primary key references models (model_id),
    champion_id text not null references models (model_id),
    decision_id uuid not null references decisions (decision_id),
    started_at  timestamptz not null,
    ended_at    timestamptz,
    outcome     text check (outcome in ('not_worse', 'worse', 'expired', 'superseded'))
);

-- A sequential test in progress: its whole state, and every step it took, each counted once.
create table monitor_tests (
    test_id    text primary key,                   -- promotion:<id>, shadow:<model>, absolute:<model>
    n          integer not null default 0,
    wealth_worse  double precision[] not null,     -- one per bet size
    wealth_better double precision[] not null,
    updated_at timestamptz not null
);
create table monitor_steps (
    test_id   text not null references monitor_tests (test_id),
    step_key  text not null,                       -- transaction hash: several sales in one transaction are one step
    step_no   integer not null,
    difference double precision not null,
    bound     double precision not null,
    e_worse   double precision not null,
    e_better  double precision not null,
    at        timestamptz not null,
    primary key (test_id, step_key),
    unique (test_id, step_no)
);

create table freezes (
    freeze_id  uuid primary key,
    actor      text not null,
    reason     text not null,
    starts_at  timestamptz not null,
    expires_at timestamptz,
    lifted_at  timestamptz,
    lifted_by  text
);

create table policies (
    policy_hash text primary key,
    body        text not null,
    first_used  timestamptz not null
);

-- Nowcasts -----------------------------------------------------------------------------------------------------------
create table generations (
    generation_id bigint generated always as identity primary key,
    role          text not null check (role in ('champion', 'previous', 'shadow')),
    model_id      text not null references models (model_id),
    snapshot_id   text not null references snapshots (snapshot_id),
    as_of         timestamptz not null,
    published_at  timestamptz not null,
    row_count     integer not null,
    floor_wei     numeric(78, 0) not null,
    last_block    bigint not null,
    values_sha256 text not null,
    merkle_root   text not null,
    unique (model_id, as_of, role)
);
create index generations_role_time on generations (role, published_at);
create index generations_snapshot on generations (snapshot_id);

-- No foreign key to generations: its check costs as much again as the copy itself. Both are written in one transaction.
create table nowcasts (
    generation_id bigint not null,
    punk_id       smallint not null,
    value_wei     numeric(78, 0) not null check (value_wei > 0),
    lo50_wei      numeric(78, 0) not null,
    hi50_wei      numeric(78, 0) not null,
    lo80_wei      numeric(78, 0) not null,
    hi80_wei      numeric(78, 0) not null,
    lo90_wei      numeric(78, 0) not null,
    hi90_wei      numeric(78, 0) not null,
    confidence    "char" not null check (confidence in ('A', 'B', 'C', 'D')),
    primary key (generation_id, punk_id),
    check (lo90_wei <= lo80_wei and lo80_wei <= lo50_wei and lo50_wei <= value_wei
           and value_wei <= hi50_wei and hi50_wei <= hi80_wei and hi80_wei <= hi90_wei)
);

create table nowcast_pointer (
    only_row      boolean primary key default true check (only_row),
    generation_id bigint not null references generations (generation_id),
    moved_at      timestamptz not null
);

-- A sale joined to the last nowcast of a model published before it, at least `horizon` before it.
create table outcomes (
    event_seq     bigint not null references sales (event_seq),
    model_id      text not null references models (model_id),
    horizon       text not null check (horizon in ('latest', '24h', '7d')),
    track         text not null check (track in ('champion', 'previous', 'shadow')),
    generation_id bigint not null references generations (generation_id),
    value_wei     numeric(78, 0) not null,
    price_wei     numeric(78, 0) not null,
    floor_wei     numeric(78, 0) not null,         -- the floor of that generation: the baseline on the same sale
    log_error     double precision not null,       -- ln(value / price)
    in50          boolean not null,
    in80          boolean not null,
    in90          boolean not null,
    scored_at     timestamptz not null,
    primary key (event_seq, model_id, horizon)
);
create unique index one_champion_outcome on outcomes (event_seq, horizon) where track = 'champion';

-- Messages -----------------------------------------------------------------------------------------------------------
create table outbox (
    id          bigint generated always as identity primary key,
    message_id  uuid not null unique,
    routing_key text not null,
    body        bytea not null,
    traceparent text,
    created_at  timestamptz not null
);
create table inbox (
    consumer   text not null,
    message_id uuid not null,
    handled_at timestamptz not null,
    primary key (consumer, message_id)
);
create table job_runs (
    job         text not null,
    slot        timestamptz not null,
    started_at  timestamptz not null,
    finished_at timestamptz,
    detail      jsonb not null default '{}',
    primary key (job, slot)
);
create table replays (
    name       text primary key,
    config     jsonb not null,
    cursor_at  timestamptz,                        -- everything up to this simulated instant is done
    wall_s     double precision not null default 0,
    finished   boolean not null default false
);

create table api_keys (
    key_id        text primary key,
    name          text not null,
    secret_sha256 text not null,
    scopes        text[] not null,
    created_at    timestamptz not null,
    revoked_at    timestamptz
);
create table idempotency_keys (
    key_id      text not null,
    idempotency_key text not null,
    request_sha256  text not null,
    response_status integer not null,
    response_body   text not null,
    created_at  timestamptz not null,
    primary key (key_id, idempotency_key)
);

-- Invariants that no code may break ----------------------------------------------------------------------------------
create function punkcast_append_only() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger append_only before update or delete on decisions for each row execute function punkcast_append_only();
create trigger append_only before update or delete on gate_evidence for each row execute function punkcast_append_only();
create trigger append_only before update or delete on model_pointer_history for each row execute function punkcast_append_only();
create trigger append_only before update or delete on monitor_steps for each row execute function punkcast_append_only();
create trigger append_only before update or delete on outcomes for each row execute function punkcast_append_only();
create trigger append_only before update on generations for each row execute function punkcast_append_only();
create trigger append_only before update on snapshots for each row execute function punkcast_append_only();

create function punkcast_event_immutable() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.superseded_at is not null
       or to_jsonb(new) - 'superseded_at' <> to_jsonb(old) - 'superseded_at' then
        raise exception 'market events are immutable: only superseded_at may be set, once'
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger immutable before update or delete on market_events
    for each row execute function punkcast_event_immutable();

create function punkcast_model_transition() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'models are never deleted' using errcode = 'integrity_constraint_violation';
    end if;
    if to_jsonb(new) - 'state' <> to_jsonb(old) - 'state' then
        raise exception 'model % is immutable but for its state', old.model_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.state <> old.state and not (old.state || '>' || new.state) = any (array[
        'registered>evaluated', 'registered>rejected', 'evaluated>rejected', 'evaluated>shadow', 'evaluated>champion',
        'shadow>champion', 'shadow>rejected', 'champion>retired', 'champion>rolled_back',
        'retired>champion',                       -- a rollback brings the previous champion back
        'rolled_back>quarantined', 'rejected>quarantined', 'retired>quarantined', 'shadow>quarantined',
        'registered>quarantined', 'evaluated>quarantined'])
    then
        raise exception 'model % cannot go from % to %', old.model_id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger legal_transition before update or delete on models
    for each row execute function punkcast_model_transition();

create function punkcast_pointer_swap() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'the model pointer is never deleted' using errcode = 'integrity_constraint_violation';
    end if;
    if tg_op = 'UPDATE' and new.generation <> old.generation + 1 then
        raise exception 'the model pointer moves one generation at a time (% to %)', old.generation, new.generation
            using errcode = 'integrity_constraint_violation';
    end if;
    if (select state from models where model_id = new.model_id) is distinct from 'champion' then
        raise exception 'the pointer may only name the champion' using errcode = 'integrity_constraint_violation';
    end if;
    insert into model_pointer_history (generation, model_id, previous_model_id, decision_id, moved_at)
    values (new.generation, new.model_id, new.previous_model_id, new.decision_id, new.moved_at);
    return new;
end $$;
create trigger swap before insert or update or delete on model_pointer
    for each row execute function punkcast_pointer_swap();

create function punkcast_notify_nowcast() returns trigger language plpgsql as $$
begin
    perform pg_notify('punkcast_nowcast', new.generation_id::text);
    return new;
end $$;
create trigger notify after insert or update on nowcast_pointer
    for each row execute function punkcast_notify_nowcast();

create function punkcast_notify_outbox() returns trigger language plpgsql as $$
begin
    perform pg_notify('punkcast_outbox', '');
    return null;
end $$;
create trigger notify after insert on outbox for each statement execute function punkcast_notify_outbox();
