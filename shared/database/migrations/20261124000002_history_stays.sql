-- migrate:up
-- The two ways around the history that row triggers leave open: emptying a table at once, and a model that enters
-- in a state it never passed a gate for.
create trigger never_emptied before truncate on decisions execute function punkcast_append_only();
create trigger never_emptied before truncate on gate_evidence execute function punkcast_append_only();
create trigger never_emptied before truncate on model_pointer execute function punkcast_append_only();
create trigger never_emptied before truncate on model_pointer_history execute function punkcast_append_only();
create trigger never_emptied before truncate on models execute function punkcast_append_only();
create trigger never_emptied before truncate on monitor_steps execute function punkcast_append_only();
create trigger never_emptied before truncate on market_events execute function punkcast_append_only();
create trigger never_emptied before truncate on outcomes execute function punkcast_append_only();

create function punkcast_model_birth() returns trigger language plpgsql as $$
begin
    if new.state <> 'registered' then
        raise exception 'model % must begin as registered, not %', new.model_id, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger begins_registered before insert on models for each row execute function punkcast_model_birth();
