create table if not exists site (
    host varchar(253) not null primary key,
    call_id varchar(100) not null,
    source varchar(10) not null,
    created_at datetime(6) not null
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
