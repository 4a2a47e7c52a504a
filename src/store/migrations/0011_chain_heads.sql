insert ignore into chain (name, sequence, link)
values
    ('journal', 0, repeat('0', 64)),
    ('receipt', 0, repeat('0', 64));
