-- migrate:up
-- A decision that leaves something open says who may close it, and when it closes by itself.
alter table decisions add column owner text;
alter table decisions add column expires_at timestamptz;
alter table decisions add constraint open_has_owner check ((owner is null) = (expires_at is null));

create index decisions_subject on decisions (subject_model, decided_at);

-- The pointer moves only by the decision that says so: about this model, taken where the pointer stood.
create function punkcast_pointer_decision() returns trigger language plpgsql as $$
declare
    made decisions%rowtype;
    about text := new.model_id;
begin
    select * into made from decisions where decision_id = new.decision_id;
    if not found then
        return new;                               -- the foreign key refuses it
    end if;
    if made.action = 'rollback' then
        about := old.model_id;
    elsif made.action <> 'promote' then
        raise exception 'decision % says %, which moves no pointer', made.decision_id, made.action
            using errcode = 'integrity_constraint_violation';
    end if;
    if made.subject_model <> about then
        raise exception 'decision % is about %, not about %', made.decision_id, made.subject_model, about
            using errcode = 'integrity_constraint_violation';
    end if;
    if made.expected_generation <> old.generation then
        raise exception 'decision % was taken at pointer generation %, not %',
            made.decision_id, made.expected_generation, old.generation
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
-- After "swap" in the alphabet, so that a skipped generation is named first.
create trigger swap_by_decision before update on model_pointer
    for each row execute function punkcast_pointer_decision();

-- A promotion goes forward only, and what it was about stays.
create function punkcast_promotion_transition() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'promotions are never deleted' using errcode = 'integrity_constraint_violation';
    end if;
    if to_jsonb(new) - 'state' - 'ended_at' <> to_jsonb(old) - 'state' - 'ended_at' then
        raise exception 'promotion % is immutable but for its state', old.promotion_id
            using errcode = 'integrity_constraint_violation';
    end if;
    if old.ended_at is not null
       or (new.state <> old.state and not (old.state || '→' || new.state) = any (array[
           'warm_up→watching', 'warm_up→confirmed', 'warm_up→rolled_back', 'warm_up→superseded',
           'watching→confirmed', 'watching→rolled_back', 'watching→superseded']))
    then
        raise exception 'promotion % cannot go from % to %', old.promotion_id, old.state, new.state
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger legal_promotion before update or delete on promotions
    for each row execute function punkcast_promotion_transition();
create trigger never_emptied before truncate on promotions execute function punkcast_append_only();

-- A shadow that ended stays ended.
create function punkcast_shadow_end() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.ended_at is not null then
        raise exception 'the shadow % has ended: % refused', old.model_id, tg_op
            using errcode = 'integrity_constraint_violation';
    end if;
    if new.model_id <> old.model_id or new.decision_id <> old.decision_id then
        raise exception 'the shadow % keeps its decision', old.model_id using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger ends_once before update or delete on shadows for each row execute function punkcast_shadow_end();
create trigger never_emptied before truncate on shadows execute function punkcast_append_only();

-- A decision's policy stays on record as long as the decision.
create trigger kept before delete on policies for each row execute function punkcast_append_only();
create trigger never_emptied before truncate on policies execute function punkcast_append_only();
