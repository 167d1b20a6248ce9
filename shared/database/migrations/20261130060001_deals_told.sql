-- migrate:up
alter table webhooks add column filters jsonb not null default '{}';  -- of deal.found; shared/webhooks/filters.py

-- Which listings a subscriber was told of: once each, and once that the ask is gone.
create table deals_told (
    webhook_id uuid not null references webhooks (webhook_id) on delete cascade,
    listing    bigint not null,                  -- the event that placed the ask, as told
    stands_as  bigint not null,                  -- the ask's event now: a reorganisation may move it to another block
    told_at    timestamptz not null,
    times      smallint not null default 1,      -- told again when a reorganisation takes back what ended the ask
    gone_at    timestamptz,                      -- null while the ask stands
    reason     text check (reason in ('sold', 'delisted', 'changed', 'reorganised')),
    primary key (webhook_id, listing),
    check (num_nulls(gone_at, reason) in (0, 2))
);
create index deals_told_standing on deals_told (stands_as);
insert into deals_told (webhook_id, listing, stands_as, told_at)
select webhook_id, (body::json -> 'data' ->> 'listing')::bigint, (body::json -> 'data' ->> 'listing')::bigint, created_at
from webhook_deliveries where event = 'deal.found'
on conflict do nothing;

-- A hint for the event stream, like the others.
create function punkcast_notify_listed() returns trigger language plpgsql as $$
begin
    perform pg_notify('punkcast_listed', '');
    return null;
end $$;
create trigger notify after insert on offers for each statement execute function punkcast_notify_listed();
