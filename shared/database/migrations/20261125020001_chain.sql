-- migrate:up
-- Following a chain: how far it was read, what its last blocks were then, and every time it turned out to be another.
create table chain_cursor (
    only_row  boolean primary key default true check (only_row),
    chain_id  bigint not null check (chain_id > 0),
    market    text not null check (market ~ '^0x[0-9a-f]{40}$'),
    block     bigint not null check (block >= 0),  -- the last block read, with or without events
    moved_at  timestamptz not null
);
create table chain_blocks (
    block bigint primary key check (block >= 0),
    hash  text not null check (hash ~ '^0x[0-9a-f]{64}$')
);

-- A reorganisation: of the events numbered first_seq to last_seq (all there were) those still current were superseded.
-- Who has read the market before rereads it when there is a new row.
create table market_revisions (
    revision    bigint generated always as identity primary key,
    first_block bigint not null,                   -- the first block that was replaced
    first_seq   bigint not null check (first_seq > 0),
    last_seq    bigint not null check (last_seq >= first_seq),
    events      integer not null check (events > 0),
    sales       integer not null,
    revised_at  timestamptz not null
);
create trigger append_only before update or delete on market_revisions
    for each row execute function punkcast_append_only();
create trigger never_emptied before truncate on market_revisions execute function punkcast_append_only();

-- Sales are superseded with their events. Outcomes stay as they are, a record of what was published and what was thought
-- to have been paid; who counts sales or outcomes counts these views.
alter table sales add column superseded_at timestamptz;
create view current_sales as select * from sales where superseded_at is null;
create view current_outcomes as
    select outcomes.* from outcomes join sales using (event_seq) where sales.superseded_at is null;

create index sales_superseded on sales (tx_hash) where superseded_at is not null;

-- What an orphaned transaction was known for, should it come again in another block.
create index market_events_superseded on market_events (tx_hash) where superseded_at is not null;
