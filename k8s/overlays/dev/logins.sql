-- The services' logins on a developer's server, here and in docker-compose.yml. The passwords are public. Their rights
-- come from `punkcast migrate`.
do $$
declare
    service text;
begin
    foreach service in array array['api', 'operator', 'ingestor', 'nowcaster', 'trainer', 'gatekeeper', 'monitor',
                                   'notifier', 'backtester', 'scheduler'] loop
        begin
            execute format('create role %I', 'punkcast_' || service);
        exception when duplicate_object then
            null;                                 -- the migration came first
        end;
        execute format('alter role %I login password %L', 'punkcast_' || service, 'punkcast-' || service);
    end loop;
end $$;
