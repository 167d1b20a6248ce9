-- migrate:up
-- A request has its row from the commit that accepts it. `merged`: an open request with the same reason stands for it.
alter table training_requests drop constraint training_requests_status_check;
alter table training_requests add constraint training_requests_status_check
    check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'merged'));
