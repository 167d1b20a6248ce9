-- migrate:up
-- A backtest is derived from what was published and what was sold: it is replaced by the next one, not history.
create table backtests (
    backtest_id uuid primary key,
    fingerprint text not null,                     -- of what it was computed from: nothing new, nothing to compute
    computed_at timestamptz not null,
    first_day   date not null,
    last_day    date not null,
    generations integer not null,
    sales       integer not null,
    terms       jsonb not null,
    books       jsonb not null,                    -- figures of every book, without its days and trades
    versus      jsonb not null
);
create index backtests_newest on backtests (computed_at);

create table backtest_days (
    backtest_id  uuid not null references backtests (backtest_id) on delete cascade,
    book         text not null,
    day          date not null,
    cash_wei     numeric(78, 0) not null check (cash_wei >= 0),
    bid_wei      numeric(78, 0) not null,          -- open positions by mark
    floor_wei    numeric(78, 0) not null,
    value_wei    numeric(78, 0) not null,
    held         integer not null,
    growth_bid   double precision not null,
    growth_floor double precision not null,
    growth_value double precision not null,
    primary key (backtest_id, book, day)
);

create table backtest_trades (
    backtest_id    uuid not null references backtests (backtest_id) on delete cascade,
    book           text not null,
    trade          integer not null,
    punk_id        smallint not null,
    decided_at     timestamptz not null,
    generation_id  bigint,
    value_wei      numeric(78, 0) not null,
    bought_at      timestamptz not null,
    bought_wei     numeric(78, 0) not null,
    entry_event    text not null,
    sold_at        timestamptz,
    sold_wei       numeric(78, 0),
    exit_kind      text check (exit_kind in ('buy', 'accept_bid')),
    exit_event     text,
    costs_wei      numeric(78, 0) not null,
    mark_bid_wei   numeric(78, 0),
    mark_floor_wei numeric(78, 0),
    mark_value_wei numeric(78, 0),
    primary key (backtest_id, book, trade),
    check ((sold_at is null) = (sold_wei is null) and (sold_at is null) = (exit_kind is null))
);
