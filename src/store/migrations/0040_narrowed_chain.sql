alter table narrowed_token
    add column if not exists depth tinyint unsigned not null default 1;
