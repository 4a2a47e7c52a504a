create table if not exists process (
    process_id binary(16) not null primary key,
    name varchar(200) not null,
    host varchar(255) not null,
    address varchar(300) not null,
    ops_address varchar(64) not null,
    build varchar(100) not null,
    state varchar(10) not null,
    started_at datetime(6) not null,
    heartbeat_at datetime(6) not null,
    key process_name (name),
    key process_address (address)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
