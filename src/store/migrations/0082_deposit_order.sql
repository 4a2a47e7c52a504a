-- The list of a round is read in an index, in each of its orders. Names and titles sort as people read them.
alter table deposit
  modify company varchar(255) character set utf8mb4 collate utf8mb4_unicode_ci not null,
  modify title varchar(255) character set utf8mb4 collate utf8mb4_unicode_ci not null,
  add key if not exists deposit_company (call_id, round_id, standing, company, sequence),
  add key if not exists deposit_title (call_id, round_id, standing, title, sequence),
  add key if not exists deposit_base (call_id, round_id, standing, base_cents, sequence),
  add key if not exists deposit_aid (call_id, round_id, standing, aid_cents, sequence);
