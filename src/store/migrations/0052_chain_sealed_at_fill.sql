update chain set sealed_at = (select max(deposited_at) from deposit) where name = 'receipt' and sealed_at is null;
