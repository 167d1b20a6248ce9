-- migrate:up
-- Models that the nowcaster's code could not serve although their files are sound. A row is open until the model values
-- again or runs no more; that of a champion until any champion values. It is no failure of the model: nobody is rolled back for it.
create table unsupported_models (
    model_id   text not null references models (model_id),
    code       text not null,                     -- the commit of the code that could not
    role       text not null check (role in ('champion', 'previous', 'shadow')),
    reason     text not null,
    since      timestamptz not null,
    asked_at   timestamptz,                       -- when a contender was last asked for because of it
    cleared_at timestamptz,
    check (cleared_at >= since)
);
create unique index one_open_unsupported on unsupported_models (model_id, code) where cleared_at is null;
create trigger never_emptied before truncate on unsupported_models execute function punkcast_append_only();

-- A model that was rejected or rolled back becomes champion by one way alone: a person's promotion that says it overrides
-- the gate, and that has moved no pointer yet. Every other way stays as it was.
create or replace function punkcast_model_transition() returns trigger language plpgsql as $$
declare
    said text;
begin
    if tg_op = 'DELETE' then
        raise exception 'models are never deleted' using errcode = 'integrity_constraint_violation';
    end if;
    if to_jsonb(new) - 'state' <> to_jsonb(old) - 'state' then
        raise exception 'model % is immutable but for its state', old.model_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.state = 'champion' and old.state in ('rejected', 'rolled_back') then
        select d.evidence into said from decisions d
        where d.subject_model = old.model_id and d.kind = 'operator' and d.action = 'promote'
          and not exists (select from model_pointer_history h where h.decision_id = d.decision_id)
        order by d.decided_at desc limit 1;
        if said is not null and said::jsonb ->> 'override' = 'true' then
            return new;
        end if;
    end if;
    if new.state <> old.state and not (old.state || '>' || new.state) = any (array[
        'registered>evaluated', 'registered>rejected', 'evaluated>rejected', 'evaluated>shadow', 'evaluated>champion',
        'shadow>champion', 'shadow>rejected', 'champion>retired', 'champion>rolled_back',
        'retired>champion',                       -- a rollback brings the previous champion back
        'rolled_back>quarantined', 'rejected>quarantined', 'retired>quarantined', 'shadow>quarantined',
        'registered>quarantined', 'evaluated>quarantined'])
    then
        raise exception 'model % cannot go from % to %', old.model_id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
