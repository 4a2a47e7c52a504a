create table if not exists edge_process (
    edge_name varchar(300) not null,
    process_id binary(16) not null,
    claimed_at datetime(6) not null,
    verified_at datetime(6) null,
    primary key (edge_name, process_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
