create table if not exists failing_address (
    email varchar(254) not null primary key,
    kind varchar(10) not null,
    status varchar(9) not null,
    letter_id binary(16) not null,
    failed_at datetime(6) not null,
    recovered_at datetime(6) null,
    key failing_address_failed (recovered_at, failed_at)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
