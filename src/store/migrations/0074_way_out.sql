alter table dossier add column if not exists deleted_at datetime(6) null;
alter table account add column if not exists closed_at datetime(6) null;
alter table delegation
    add column if not exists forget_at datetime(6) null,
    add key if not exists delegation_forget (forget_at);
alter table login_link add column if not exists session_id binary(16) null;
