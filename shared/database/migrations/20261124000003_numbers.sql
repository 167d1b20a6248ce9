-- migrate:up
-- To PostgreSQL NaN is greater than every number, so `> 0` lets it pass.
alter table eth_usd_daily add constraint close_is_a_number check (close < 'Infinity');
alter table market_events add constraint price_is_a_number check (price_wei < 'NaN');
alter table outcomes add constraint log_error_is_a_number check (abs(log_error) < 'Infinity');
-- With the order of the bounds that the table already asks for, these two speak for all seven.
alter table nowcasts add constraint values_are_numbers check (lo90_wei >= 0 and hi90_wei < 'NaN');
alter table nowcasts add constraint punk_exists check (punk_id between 0 and 9999);

-- A published value is what its generation's Merkle root says; a policy is what its hash says.
create trigger append_only before update on nowcasts for each row execute function punkcast_append_only();
create trigger append_only before update on policies for each row execute function punkcast_append_only();
