-- migrate:up
-- The page of excluded sales reads them newest first; one sale in twenty is one.
create index sales_excluded on sales (event_time, event_seq) where not valid;
