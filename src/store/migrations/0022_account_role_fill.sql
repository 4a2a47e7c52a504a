insert ignore into account_role (account_id, role, given_at)
select account_id, role, created_at from account where role <> 'applicant';
