create table if not exists account (
    account_id binary(16) not null primary key,
    email varchar(254) not null,
    role varchar(20) not null,
    lang char(2) not null,
    created_at datetime(6) not null,
    unique key account_email (email)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
