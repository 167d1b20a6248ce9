-- migrate:up
-- Who traded how (shared/market/sale_labels.py). Null in sales that an older release stored, until the ingestor's next step.
alter table sales
    add column channel      text check (channel in ('public_ask', 'directed_ask', 'accepted_bid')),
    add column pass_through boolean,             -- the named buyer passed the punk on in the same transaction
    add column true_buyer   text,                -- who had the punk at the end of the transaction
    add column dealer       boolean,             -- the seller or the true buyer was a dealer then
    add column wrapped      boolean,             -- the transaction also wrapped or unwrapped the punk
    add check (num_nulls(channel, pass_through, dealer, wrapped) in (0, 4));
create or replace view current_sales as select * from sales where superseded_at is null;

-- Empty but for what an older release stores meanwhile: every step of the ingestor asks it.
create index sales_unlabelled on sales (event_seq) where channel is null and superseded_at is null;
