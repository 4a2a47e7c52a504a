create table if not exists login_turn (
    turn tinyint unsigned not null primary key
) engine = innodb default charset = utf8mb4 collate = utf8mb4_bin;
