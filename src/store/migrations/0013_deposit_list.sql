create index if not exists deposit_list on deposit (call_id, round_id, standing, deposited_at, sequence);
