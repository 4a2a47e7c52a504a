create table if not exists session (
    session_id binary(16) not null primary key,
    account_id binary(16) not null,
    created_at datetime(6) not null,
    ends_at datetime(6) not null,
    ended_at datetime(6) null,
    constraint session_account foreign key (account_id) references account (account_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
