-- migrate:up
-- What a generation was made with beside its model: offsets of ln(price / value) by level (50, 80, 90 %), segment of premium
-- and side, and what was added to ln(value) by premium. They follow outcomes from day to day, so the model alone does not
-- tell them. Null: made before these columns were.
alter table generations
    add column interval_offsets double precision[],
    add column value_shifts double precision[];
