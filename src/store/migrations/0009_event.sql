create table if not exists event (
    sequence bigint unsigned not null primary key,
    at datetime(6) not null,
    kind varchar(40) not null,
    account_id binary(16) null,
    dossier_id binary(16) null,
    data longtext not null,
    previous char(64) not null,
    link char(64) not null,
    key event_dossier (dossier_id, sequence)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
