create table if not exists assignment (
    assignment_id binary(16) not null primary key,
    dossier_id binary(16) not null,
    account_id binary(16) not null,
    assigned_by binary(16) not null,
    assigned_at datetime(6) not null,
    ended_at datetime(6) null,
    ended_by binary(16) null,
    key assignment_dossier (dossier_id, account_id),
    key assignment_account (account_id),
    constraint assignment_dossier foreign key (dossier_id) references dossier (dossier_id),
    constraint assignment_account foreign key (account_id) references account (account_id),
    constraint assignment_assigned_by foreign key (assigned_by) references account (account_id),
    constraint assignment_ended_by foreign key (ended_by) references account (account_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
