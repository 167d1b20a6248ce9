-- migrate:up
-- Every public ask and bid there was, as the fold in shared/market/offers.py finds them. Derived from the current events
-- alone: what a reorganisation superseded is deleted here and stays in market_events.
create table offers (
    since_seq   bigint primary key,              -- the event that placed the offer
    punk_id     smallint not null,
    kind        text not null check (kind in ('ask', 'bid')),
    price_wei   numeric(78, 0) not null check (price_wei > 0),
    maker       text,                            -- the seller or the bidder
    since_block bigint not null,
    since_time  timestamptz not null,
    until_seq   bigint check (until_seq > since_seq),  -- the event that ended the offer; null while the offer stands
    until_time  timestamptz check (until_time >= since_time),
    ended_by    text,                            -- type of that event
    check (num_nulls(until_seq, until_time, ended_by) in (0, 3))
);
create unique index one_standing_offer on offers (punk_id, kind) where until_seq is null;
create index offers_punk on offers (punk_id, since_seq);

-- Which events and which reorganisations the offers above account for. Readers refuse offers that are behind the events.
create table offers_reach (
    only_row boolean primary key default true check (only_row),
    seq      bigint not null,                    -- the newest event
    revision bigint not null                     -- the newest reorganisation
);
insert into offers_reach (seq, revision) values (0, 0);
