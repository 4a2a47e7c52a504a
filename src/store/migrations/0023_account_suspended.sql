alter table account
    add column if not exists suspended_at datetime(6) null;
