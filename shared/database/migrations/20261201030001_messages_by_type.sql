-- migrate:up
-- A message is known by consumer, type and id: another type with the same id is another message. The previous release
-- writes no type. Its entries stand for every type, and it must not handle again what this release has handled, so the
-- trigger compares both ways. A later release removes the trigger and the default.
alter table inbox add column type text not null default '';
alter table inbox drop constraint inbox_pkey, add primary key (consumer, message_id, type);

create function punkcast_known_message() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(new.consumer || '/' || new.message_id::text, 0));
    if exists (
        select from inbox
        where consumer = new.consumer and message_id = new.message_id and (type = '' or new.type = '')
    ) then
        return null;
    end if;
    return new;
end $$;
create trigger known before insert on inbox for each row execute function punkcast_known_message();
