-- migrate:up
-- `nowcasts` in partitions by ranges of generations (docs/adr/0025). The rows that are there become its one partition: no
-- row is read or moved, and the previous release writes on through the parent. The retention job adds partitions ahead.
create or replace function punkcast_append_only() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % refused', coalesce(tg_argv[0], tg_table_name), tg_op  -- not a partition's name
        using errcode = 'integrity_constraint_violation';
end $$;
drop trigger append_only on nowcasts;                -- a partition takes its parent's
alter table nowcasts rename to nowcasts_open;
alter index nowcasts_pkey rename to nowcasts_pkey_open;
create table nowcasts (like nowcasts_open including defaults including constraints, primary key (generation_id, punk_id))
    partition by range (generation_id);
create trigger append_only before update on nowcasts for each row execute function punkcast_append_only('nowcasts');
alter table nowcasts attach partition nowcasts_open for values from (minvalue) to (maxvalue);

-- Generations whose rows were removed, except those that a sale was scored on or an ask stood below. Their record, root and,
-- if they were published, their file stay.
create table thinned_generations (
    generation_id  bigint primary key references generations (generation_id),
    thinned_at     timestamptz not null,
    space_returned boolean not null default false    -- the partition was rewritten since
);

-- An object that is no longer kept: its row stays, so that nobody makes the object again.
alter table archives add column removed_at timestamptz;
create index archives_objects on archives (object_key) where removed_at is null;
