alter table piece
    add column if not exists opened bool null,
    add column if not exists pages int unsigned null,
    add column if not exists signed bool null;
