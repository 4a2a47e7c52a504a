-- The list of a round counts the drafts that were never deposited, in the index alone.
alter table dossier
  add key if not exists dossier_never_deposited (call_id, round_id, versions, deleted_at),
  drop key if exists dossier_round;
