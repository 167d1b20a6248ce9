-- migrate:up
-- The log of published generations: one line for each, in the order of publication. Each line is hashed as it stands here.
create table log_entries (
    index         bigint primary key check (index >= 0),
    generation_id bigint not null unique references generations (generation_id),
    line          text not null
);
create function punkcast_log_grows() returns trigger language plpgsql as $$
declare
    last log_entries%rowtype;
begin
    select * into last from log_entries order by index desc limit 1;
    if new.index <> coalesce(last.index + 1, 0) or new.generation_id <= last.generation_id then
        raise exception 'entry % of generation % does not follow on entry % of generation %',
            new.index, new.generation_id, last.index, last.generation_id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger grows before insert on log_entries for each row execute function punkcast_log_grows();
create trigger append_only before update or delete on log_entries for each row execute function punkcast_append_only();
create trigger never_emptied before truncate on log_entries execute function punkcast_append_only();

-- Signed statements about the first `size` entries. One with the size of an earlier one has a further signature.
create table log_checkpoints (
    checkpoint_id bigint generated always as identity primary key,
    size          bigint not null check (size > 0),
    root          text not null,                     -- hexadecimal
    note          text not null,
    signed_at     timestamptz not null
);
create trigger append_only before update or delete on log_checkpoints for each row execute function punkcast_append_only();
create trigger never_emptied before truncate on log_checkpoints execute function punkcast_append_only();

-- Signed statements about model files, one for each key. A model may be signed long after it was registered.
create table model_signatures (
    model_id  text not null references models (model_id),
    note      text not null,
    signed_at timestamptz not null,
    primary key (model_id, note)
);
create trigger append_only before update or delete on model_signatures for each row execute function punkcast_append_only();
create trigger never_emptied before truncate on model_signatures execute function punkcast_append_only();

-- Public keys that signed anything here. Served for convenience: whoever verifies has them from elsewhere.
create table signing_keys (
    verifier_key  text primary key,
    first_used_at timestamptz not null
);
create trigger append_only before update or delete on signing_keys for each row execute function punkcast_append_only();
create trigger never_emptied before truncate on signing_keys execute function punkcast_append_only();
