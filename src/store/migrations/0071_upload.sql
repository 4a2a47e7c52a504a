create table if not exists upload (
    upload_id char(32) not null primary key,
    account_id binary(16) not null,
    note longtext not null,
    parts longtext not null,
    bytes bigint unsigned not null,
    turn binary(16) not null,
    finishing bool not null default 0,
    held_until datetime(6) null,
    used_at datetime(6) not null,
    key upload_account (account_id),
    key upload_used_at (used_at),
    constraint upload_account foreign key (account_id) references account (account_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
