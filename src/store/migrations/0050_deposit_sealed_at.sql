alter table deposit add column if not exists sealed_at datetime(6) null;
