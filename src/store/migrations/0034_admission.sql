alter table dossier
    add column if not exists admitted_at datetime(6) null,
    add column if not exists admitted_by binary(16) null,
    add index if not exists dossier_admitted (admitted_at);
