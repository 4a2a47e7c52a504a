alter table session
    add column if not exists amr varchar(10) not null default 'email',
    add column if not exists last_seen_at datetime(6) null,
    add column if not exists stepped_up_at datetime(6) null,
    add column if not exists agent varchar(200) not null default '';
