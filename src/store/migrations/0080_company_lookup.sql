create table if not exists company_lookup (
    dossier_id binary(16) not null,
    siret char(14) not null,
    taken_at datetime(6) not null,
    record longtext not null,
    primary key (dossier_id, siret, taken_at),
    key company_lookup_siret (siret, taken_at),
    constraint company_lookup_dossier foreign key (dossier_id) references dossier (dossier_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
