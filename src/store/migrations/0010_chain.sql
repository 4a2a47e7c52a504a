create table if not exists chain (
    name varchar(20) not null primary key,
    sequence bigint unsigned not null,
    link char(64) not null
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
