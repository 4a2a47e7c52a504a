create table if not exists outbox (
    job_id binary(16) not null primary key,
    kind varchar(40) not null,
    payload longtext not null,
    due_at datetime(6) not null,
    attempts int unsigned not null,
    done_at datetime(6) null,
    failure varchar(500) null,
    key outbox_due (done_at, due_at)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
