-- migrate:up
-- `host`: which webhooks share places and a rate. The URLs of the settings share nothing with those of keys.
alter table webhooks
    add column host text not null generated always as (
        case when key_id = 'settings' then 'settings ' else '' end
        || regexp_replace(lower(regexp_replace(url, '^\w+://([^/?#]*@)?([^/?#]*).*$', '\2')), '\.?(:(0*443)?)?$', '')
    ) stored,
    add column taken_until timestamptz,              -- while a process posts to it
    add column dropped integer not null default 0;   -- deliveries that were too many to wait
create index webhook_deliveries_waiting on webhook_deliveries (webhook_id, next_attempt_at)
    where next_attempt_at is not null;
drop index webhook_deliveries_due;

-- How far posts have used up a rate (generic cell rate algorithm).
create table webhook_rates (
    name       text primary key,                      -- `webhooks.host`, or `challenges ` and a key
    busy_until timestamptz not null
);
