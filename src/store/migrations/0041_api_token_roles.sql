alter table api_token
    add column if not exists narrowed_seen int unsigned not null default 0,
    add column if not exists roles varchar(300) null;
