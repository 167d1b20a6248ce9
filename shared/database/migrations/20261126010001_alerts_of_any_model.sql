-- migrate:up
-- An alert is kept whatever it is about: the model it names may never have been registered.
alter table alerts drop constraint alerts_model_id_fkey;
