-- The list of a round counts what an officer examines, as the deposit's page does: no finding that is only good to know, and
-- none of other deposits (ELI-4), which the list adds as they are. The findings of a deposit are sealed with it.
update deposit set warnings = greatest(
        coalesce(json_length(json_search(receipt, 'all', 'warning', null, '$.manifest.findings[*].severity')), 0)
        - coalesce(json_length(json_search(receipt, 'all', 'ELI-4', null, '$.manifest.findings[*].rule')), 0), 0)
    where json_valid(receipt) and json_exists(receipt, '$.manifest.findings');
