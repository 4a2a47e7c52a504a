create table if not exists login_link (
    link_hash binary(32) not null primary key,
    email varchar(254) not null,
    created_at datetime(6) not null,
    expires_at datetime(6) not null,
    used_at datetime(6) null,
    key login_link_email (email, created_at)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
