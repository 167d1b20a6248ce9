-- migrate:up
alter table api_keys
    add column expires_at      timestamptz,
    add column last_used_at    timestamptz,
    add column previous_sha256 text,          -- of the secret before the last rotation,
    add column previous_until  timestamptz;   -- which is valid until then

-- An actor in the record is the name of a key, so one live key has it, and none has the operator's.
update api_keys k set name = left(name, 60) || ' (' || key_id || ')'
where revoked_at is null and (lower(name) = 'operator' or exists (
    select from api_keys o
    where o.revoked_at is null and lower(o.name) = lower(k.name) and (o.created_at, o.key_id) < (k.created_at, k.key_id)
));
create unique index one_live_key_per_name on api_keys (lower(name)) where revoked_at is null;
