alter table chain add column if not exists sealed_at datetime(6) null;
