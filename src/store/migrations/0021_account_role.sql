create table if not exists account_role (
    account_id binary(16) not null,
    role varchar(20) not null,
    given_at datetime(6) not null,
    ends_at datetime(6) null,
    primary key (account_id, role),
    constraint account_role_account foreign key (account_id) references account (account_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
