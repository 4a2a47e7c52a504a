alter table piece
    add column if not exists kept_in binary(16) null,
    add column if not exists kept_at datetime(6) null;
