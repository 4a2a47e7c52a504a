create table if not exists glass (
    glass_id binary(16) not null primary key,
    dossier_id binary(16) not null,
    asked_by binary(16) not null,
    reason varchar(500) not null,
    asked_at datetime(6) not null,
    allowed_by binary(16) null,
    allowed_at datetime(6) null,
    ends_at datetime(6) null,
    key glass_dossier (dossier_id, asked_by),
    constraint glass_dossier foreign key (dossier_id) references dossier (dossier_id),
    constraint glass_asked_by foreign key (asked_by) references account (account_id),
    constraint glass_allowed_by foreign key (allowed_by) references account (account_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
