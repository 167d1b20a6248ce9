-- migrate:up
-- A model that could not value a cycle through its own fault, and who valued the same snapshot well: without it nobody can
-- tell a bad model from a platform that was away.
create table nowcast_failures (
    model_id  text not null references models (model_id),
    as_of     timestamptz not null,
    role      text not null check (role in ('champion', 'previous', 'shadow')),
    refused   boolean not null,                    -- by a guard or by its own file: the same would be refused again
    reason    text not null,
    valued_by text[] not null,                     -- models that valued the same snapshot and passed the guards
    failed_at timestamptz not null,
    primary key (model_id, as_of)
);
create trigger append_only before update or delete on nowcast_failures
    for each row execute function punkcast_append_only();
create trigger never_emptied before truncate on nowcast_failures execute function punkcast_append_only();
