alter table api_token
    add column if not exists actions varchar(1000) not null default '',
    add column if not exists last_used_at datetime(6) null;
