create index if not exists login_link_expires on login_link (expires_at);
