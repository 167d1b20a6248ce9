-- migrate:up
-- begun_after: the block after which this database reads the chain itself; settled: the last block whose logs were compared
-- a second time. Null in a database of an earlier release.
alter table chain_cursor add column begun_after bigint, add column settled bigint;

-- The market that this database holds. One database never mixes two.
create table market_source (
    only_row boolean primary key default true check (only_row),
    kind text not null check (kind in ('simulated', 'files', 'chain')),
    identity text not null,
    since timestamptz not null
);

-- The last look of the ingestor at its source, for operators. read_at: the last success; block_time: of the last block read.
create table source_state (
    only_row boolean primary key default true check (only_row),
    looked_at timestamptz not null,
    read_at timestamptz,
    head bigint,
    head_time timestamptz,
    block_time timestamptz,
    problem text,
    failures bigint not null default 0,
    nodes jsonb not null default '[]'
);
