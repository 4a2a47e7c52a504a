create table if not exists edge (
    edge_name varchar(300) not null primary key,
    holder binary(16) not null,
    epoch bigint unsigned not null,
    ops_address varchar(64) not null,
    expires_at datetime(6) not null
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
