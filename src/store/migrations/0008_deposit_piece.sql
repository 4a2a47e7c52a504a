create table if not exists deposit_piece (
    dossier_id binary(16) not null,
    version int unsigned not null,
    code varchar(20) not null,
    sha256 char(64) not null,
    primary key (dossier_id, version, code),
    key deposit_piece_sha256 (sha256),
    constraint deposit_piece_deposit foreign key (dossier_id, version) references deposit (dossier_id, version)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
