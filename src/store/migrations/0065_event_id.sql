alter table event
    add column if not exists event_id binary(16) null;
