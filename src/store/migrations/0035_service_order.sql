create table if not exists service_order (
    order_id binary(16) not null primary key,
    kind varchar(40) not null,
    detail varchar(255) not null,
    asked_by varchar(255) not null,
    asked_at datetime(6) not null,
    confirmed_by binary(16) null,
    confirmed_at datetime(6) null,
    taken_at datetime(6) null,
    constraint service_order_confirmed_by foreign key (confirmed_by) references account (account_id)
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
