-- migrate:up
-- Hints for who follows along: a sale was scored, the model pointer moved. What happened is read from the tables.
create function punkcast_notify_scored() returns trigger language plpgsql as $$
begin
    perform pg_notify('punkcast_scored', '');
    return null;
end $$;
create trigger notify after insert on outcomes for each statement execute function punkcast_notify_scored();

create function punkcast_notify_pointer() returns trigger language plpgsql as $$
begin
    perform pg_notify('punkcast_pointer', new.generation::text);
    return null;
end $$;
create trigger notify after insert on model_pointer_history for each row execute function punkcast_notify_pointer();
