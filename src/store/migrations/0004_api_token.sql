create table if not exists api_token (
    token_id binary(16) not null primary key,
    account_id binary(16) not null,
    label varchar(100) not null,
    created_at datetime(6) not null,
    expires_at datetime(6) not null,
    revoked_at datetime(6) null,
    constraint api_token_account foreign key (account_id) references account (account_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
