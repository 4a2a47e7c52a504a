create table if not exists scan (
    sha256 char(64) not null primary key,
    state varchar(20) not null,
    signature varchar(200) null,
    scanner varchar(200) null,
    scanned_at datetime(6) null,
    queued_at datetime(6) not null,
    attempts int unsigned not null,
    due_at datetime(6) null,
    failure varchar(500) null,
    key scan_due (due_at)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
