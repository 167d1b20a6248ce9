-- migrate:up
create table webhooks (
    webhook_id        uuid primary key,
    key_id            text not null,               -- whose it is
    url               text not null,
    events            text[] not null check (cardinality(events) > 0),
    deal_margin       double precision not null check (deal_margin >= 0 and deal_margin < 1),
    description       text not null default '',
    secret            text not null,               -- signs deliveries, so it is kept as it is
    state             text not null default 'active' check (state in ('active', 'disabled')),
    created_at        timestamptz not null,
    failing_since     timestamptz,
    failures          integer not null default 0,
    last_status       integer,
    last_delivered_at timestamptz,
    disabled_reason   text
);
create index webhooks_owner on webhooks (key_id, created_at);

-- What has to be posted: written with the effects of the message that it tells of, removed a while after it arrived. Its
-- id follows from the webhook and from what happened, so that it is written once.
create table webhook_deliveries (
    delivery_id     uuid primary key,
    webhook_id      uuid not null references webhooks (webhook_id) on delete cascade,
    event           text not null,
    body            text not null,                 -- the exact bytes; every attempt sends the same
    created_at      timestamptz not null,
    attempts        integer not null default 0,
    next_attempt_at timestamptz,                   -- null: delivered, or given up
    delivered_at    timestamptz,
    error           text
);
create index webhook_deliveries_due on webhook_deliveries (next_attempt_at) where next_attempt_at is not null;
create index webhook_deliveries_webhook on webhook_deliveries (webhook_id);
create index webhook_deliveries_time on webhook_deliveries (created_at);
