create table if not exists ceremony (
    ceremony_id binary(16) not null primary key,
    kind varchar(20) not null,
    account_id binary(16) null,
    state longtext not null,
    expires_at datetime(6) not null,
    key ceremony_expires (expires_at)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
