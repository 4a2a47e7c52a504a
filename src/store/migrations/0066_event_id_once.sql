create unique index if not exists event_id on event (event_id);
