-- migrate:up
-- Null: the receiver has not answered a challenge yet, and gets nothing else. Older subscriptions need no proof.
alter table webhooks add column proven_at timestamptz;
update webhooks set proven_at = created_at;
