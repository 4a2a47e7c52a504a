create table if not exists delegation (
    delegation_id binary(16) not null primary key,
    dossier_id binary(16) not null,
    given_by binary(16) not null,
    email varchar(254) not null,
    parts varchar(2000) not null,
    note varchar(200) not null default '',
    given_at datetime(6) not null,
    ends_at datetime(6) not null,
    revoked_at datetime(6) null,
    used_at datetime(6) null,
    key delegation_dossier (dossier_id),
    key delegation_email (email),
    constraint delegation_dossier foreign key (dossier_id) references dossier (dossier_id),
    constraint delegation_given_by foreign key (given_by) references account (account_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
