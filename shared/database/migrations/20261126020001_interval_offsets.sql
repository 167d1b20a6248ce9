-- migrate:up
-- What a generation's intervals were made with: offsets of ln(price / value) by level (50, 80, 90 %), segment of premium
-- and side. They follow outcomes from day to day, so the model alone does not tell them. Null: made before this column was.
alter table generations add column interval_offsets double precision[];
