create table if not exists token_root (
    kid int unsigned not null primary key,
    kind varchar(10) not null,
    public_key char(64) not null,
    published_at datetime(6) not null,
    signs_at datetime(6) not null,
    dropped_at datetime(6) null,
    key token_root_kind (kind)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
