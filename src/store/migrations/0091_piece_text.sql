create table if not exists piece_text (
    sha256 char(64) not null primary key,
    state varchar(20) not null,
    body longtext null,
    queued_at datetime(6) not null,
    attempts int unsigned not null,
    due_at datetime(6) null,
    failure varchar(500) null,
    key piece_text_due (due_at),
    key piece_text_state (state)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
