alter table dossier add column if not exists changes longtext null;
