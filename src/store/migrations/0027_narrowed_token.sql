create table if not exists narrowed_token (
    revocation_id binary(32) not null primary key,
    token_id binary(16) not null,
    checks varchar(2000) not null,
    first_used_at datetime(6) not null,
    last_used_at datetime(6) not null,
    revoked_at datetime(6) null,
    key narrowed_token_token (token_id),
    constraint narrowed_token_token foreign key (token_id) references api_token (token_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
