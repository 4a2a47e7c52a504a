create table if not exists interest (
    dossier_id binary(16) not null,
    account_id binary(16) not null,
    conflict boolean not null,
    declared_at datetime(6) not null,
    primary key (dossier_id, account_id),
    key interest_account (account_id, conflict),
    constraint interest_dossier foreign key (dossier_id) references dossier (dossier_id),
    constraint interest_account foreign key (account_id) references account (account_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
