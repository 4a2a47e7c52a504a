drop index if exists deposit_round on deposit;
