alter table dossier add column if not exists origin char(64) null;
