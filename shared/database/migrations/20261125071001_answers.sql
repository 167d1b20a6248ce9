-- migrate:up
-- What the gateway answers beside the values themselves.

-- One punk's past, and whether its bidder got it another way.
create index market_events_punk on market_events (punk_id, block, log_index) where superseded_at is null;

-- Reasons and comparables of a generation, made after its publication: one compressed file for all punks. Only those of
-- the newest generations are kept; anybody can make the others again.
create table explanations (
    generation_id bigint primary key references generations (generation_id),
    made_at       timestamptz not null,
    body          bytea not null
);
alter table explanations alter column body set storage external;

create function punkcast_notify_explained() returns trigger language plpgsql as $$
begin
    perform pg_notify('punkcast_nowcast', new.generation_id::text);
    return null;
end $$;
create trigger notify after insert on explanations for each row execute function punkcast_notify_explained();

-- The market day by day (UTC), as the nowcaster's timeline has it. The last day is still going on.
create table market_days (
    date      date primary key,
    floor_wei numeric(78, 0) check (floor_wei > 0 and floor_wei < 'NaN'),  -- at the day's end; null: nothing for sale
    index_eth double precision check (index_eth > 0 and index_eth < 'Infinity')  -- a common punk's value by sales
);
