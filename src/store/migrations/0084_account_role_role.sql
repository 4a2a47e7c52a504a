-- Who is an expert is asked for each dossier's page.
create index if not exists account_role_role on account_role (role);
