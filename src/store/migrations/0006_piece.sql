create table if not exists piece (
    dossier_id binary(16) not null,
    code varchar(20) not null,
    sha256 char(64) not null,
    name varchar(255) not null,
    media varchar(100) not null,
    bytes bigint unsigned not null,
    issued date null,
    uploaded_at datetime(6) not null,
    primary key (dossier_id, code),
    key piece_sha256 (sha256),
    constraint piece_dossier foreign key (dossier_id) references dossier (dossier_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
