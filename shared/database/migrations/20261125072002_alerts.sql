-- migrate:up
-- Alerts that were raised, for the timeline; the message that carries one is deleted once the broker has it.
create table alerts (
    alert_id    uuid primary key,
    kind        text not null,
    severity    text not null check (severity in ('info', 'warning', 'critical')),
    summary     text not null,
    model_id    text references models (model_id),
    decision_id uuid references decisions (decision_id),
    raised_at   timestamptz not null
);
create index alerts_time on alerts (raised_at);
create trigger append_only before update or delete on alerts for each row execute function punkcast_append_only();
create trigger never_emptied before truncate on alerts execute function punkcast_append_only();

-- Answers are kept for a while, then dropped oldest first.
create index idempotency_keys_time on idempotency_keys (created_at);
