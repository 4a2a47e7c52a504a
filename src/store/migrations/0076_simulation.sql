create table if not exists simulation (
    simulation_hash binary(32) not null primary key,
    call_id varchar(60) not null,
    round_id varchar(60) not null,
    attempt_id binary(16) not null,
    answers longtext not null,
    expires_at datetime(6) not null,
    key simulation_expires_at (expires_at)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
