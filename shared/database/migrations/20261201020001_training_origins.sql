-- migrate:up
-- Who asked is set by the way a request came, not by the sender's text: policy, nowcaster, operator, api:<key id>,
-- cli:<user>, bus. A process of the release before writes no origin; what it stores counts as an outsider's.
alter table training_requests add column origin text not null default 'bus';
update training_requests r set origin = case
    when requested_by = 'retrain-policy' then 'policy'
    when requested_by = 'nowcaster' then 'nowcaster'
    when requested_by = 'api:operator' then 'operator'
    else coalesce((select 'api:' || min(k.key_id) from api_keys k where 'api:' || k.name = r.requested_by), 'bus')
end;

drop index one_open_request_per_reason;
create unique index one_open_request_per_reason on training_requests (origin, reason)
    where status in ('queued', 'running');
create index training_requests_origin on training_requests (origin, started_at);
