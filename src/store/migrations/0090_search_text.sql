create table if not exists search_text (
    dossier_id binary(16) not null primary key,
    version int unsigned not null,
    stem_version int unsigned not null,
    stems longtext not null,
    key search_text_stem_version (stem_version),
    fulltext key search_text_stems (stems)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
