create table if not exists passkey (
    passkey_id binary(16) not null primary key,
    credential_id varbinary(1023) not null,
    account_id binary(16) not null,
    name varchar(100) not null,
    credential longtext not null,
    created_at datetime(6) not null,
    last_used_at datetime(6) null,
    unique key passkey_credential (credential_id),
    constraint passkey_account foreign key (account_id) references account (account_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
