alter table process
    add column if not exists blob_store binary(16) null,
    add column if not exists blob_address varchar(64) null;
