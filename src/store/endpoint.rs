//! Connection options of each server, from the configuration: sockets, hosts, or the single address that SlapOS
//! publishes.

use super::embedded::current_user;
use crate::config::{Database, Host};
use log::LevelFilter;
use percent_encoding::percent_decode_str;
use sqlx::{
    ConnectOptions,
    mysql::{MySqlConnectOptions, MySqlSslMode},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Why no connection to the configured servers can be attempted.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: io::Error },
    /// The address is invalid. It contains a password, so it is not repeated.
    #[error("{path}: {reason}")]
    Url { path: PathBuf, reason: &'static str },
}

/// One server, or one proxy in front of several.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// For display: `host:port`, or the socket.
    pub label: String,
    /// Connection options.
    pub options: MySqlConnectOptions,
    /// Options for MariaDB's own programs.
    pub client: Client,
}

/// Options for MariaDB's own programs.
#[derive(Clone, Default)]
pub struct Client {
    /// Arguments, without any secret.
    pub arguments: Vec<String>,
    pub password: Option<String>,
    /// Name of the database.
    pub database: String,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("arguments", &self.arguments).finish_non_exhaustive()
    }
}

/// Maximum number of prepared statements cached per connection.
const MAX_PREPARED_STATEMENTS: usize = 256;

/// Returns the endpoints of all configured servers.
pub(super) fn endpoints(config: &Database) -> Result<Vec<Endpoint>, EndpointError> {
    let user = match (&config.socket, config.user.as_str()) {
        (Some(_), "") => current_user().unwrap_or_default(),
        (_, user) => user.to_owned(),
    };
    let base = MySqlConnectOptions::new()
        .username(&user)
        .database(&config.name)
        .statement_cache_capacity(MAX_PREPARED_STATEMENTS)
        // `RUST_LOG=sqlx::query=trace` shows the texts, never the values that are bound to them.
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Off, Duration::MAX);
    let password = config.password_file.as_deref().map(read).transpose()?.map(|text| text.trim_end().to_owned());
    let base = match &password {
        Some(password) => base.password(password),
        None => base,
    };
    let client = Client { arguments: vec![format!("--user={user}")], password, database: config.name.clone() };
    if let Some(socket) = &config.socket {
        let mut client = client;
        client.arguments.push(format!("--socket={}", socket.display()));
        // No TLS on a socket: it needs no protection, but newer servers would offer it there too.
        let options = base.socket(socket).ssl_mode(MySqlSslMode::Disabled);
        return Ok(vec![Endpoint { label: socket.display().to_string(), options, client }]);
    }
    if let Some(file) = &config.url_file {
        let url = DatabaseUrl::parse(read(file)?.trim())
            .map_err(|reason| EndpointError::Url { path: file.clone(), reason })?;
        if config.ca_file.is_none() && !config.trusted_network && !url.host.is_this_machine() {
            let reason = "database.ca_file is needed for a server beyond this machine";
            return Err(EndpointError::Url { path: file.clone(), reason });
        }
        // A proxy's certificate rarely names its address; verifying that our CA issued it has to suffice.
        let options = secured(base, config, &url.host, MySqlSslMode::VerifyCa)
            .username(&url.user)
            .password(&url.password)
            .database(&url.database)
            // ProxySQL misparses the settings that would be sent with these.
            .pipes_as_concat(false)
            .no_engine_substitution(false);
        let client = Client {
            arguments: [vec![format!("--user={}", url.user)], network(config, &url.host)].concat(),
            password: Some(url.password),
            database: url.database,
        };
        return Ok(vec![Endpoint { label: url.host.to_string(), options, client }]);
    }
    let of = |host: &Host| Endpoint {
        label: host.to_string(),
        options: secured(base.clone(), config, host, MySqlSslMode::VerifyIdentity),
        client: Client { arguments: [client.arguments.clone(), network(config, host)].concat(), ..client.clone() },
    };
    Ok(config.hosts.iter().map(of).collect())
}

/// Arguments of MariaDB's programs for a server on the network.
fn network(config: &Database, host: &Host) -> Vec<String> {
    let mut arguments = vec!["--protocol=tcp".into(), format!("--host={}", host.name), format!("--port={}", host.port)];
    if let Some(file) = &config.ca_file {
        arguments.push(format!("--ssl-ca={}", file.display()));
        if config.url_file.is_none() {
            arguments.push("--ssl-verify-server-cert".into());
        }
    }
    arguments
}

fn secured(
    options: MySqlConnectOptions,
    config: &Database,
    host: &Host,
    verified: MySqlSslMode,
) -> MySqlConnectOptions {
    // Without brackets: with them, an IPv6 address would be resolved as a name.
    let options = options.host(&host.name).port(host.port);
    match &config.ca_file {
        Some(file) => options.ssl_mode(verified).ssl_ca(file),
        None => options.ssl_mode(MySqlSslMode::Preferred),
    }
}

fn read(path: &Path) -> Result<String, EndpointError> {
    fs::read_to_string(path).map_err(|source| EndpointError::Read { path: path.into(), source })
}

/// `mysql://user:password@host:port/database`, each part percent-encoded.
struct DatabaseUrl {
    user: String,
    password: String,
    host: Host,
    database: String,
}

impl DatabaseUrl {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let rest = text.strip_prefix("mysql://").ok_or("it does not begin with mysql://")?;
        let (account, rest) = rest.rsplit_once('@').ok_or("it has no account: mysql://user:password@…")?;
        let (user, password) = account.split_once(':').ok_or("it has no password: mysql://user:password@…")?;
        let (host, database) = rest.split_once('/').ok_or("it names no database: …/database")?;
        let database = database.split('?').next().unwrap_or_default();
        let decode = |part: &str| {
            let decoded = percent_decode_str(part).decode_utf8();
            decoded.map(|decoded| decoded.into_owned()).map_err(|_| "it is not UTF-8")
        };
        let host = host.parse().map_err(|_| "its host is not host:port, an IPv6 address in brackets")?;
        let url = Self { user: decode(user)?, password: decode(password)?, host, database: decode(database)? };
        if url.user.is_empty() || url.database.is_empty() {
            return Err("user or database is empty");
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::{DatabaseUrl, endpoints};
    use crate::config::Database;

    #[test]
    fn the_address_that_slapos_publishes_is_read() {
        let url = DatabaseUrl::parse("mysql://guichet:p%40s%2Fs:x@[2001:db8::7]:7032/db_guichet").unwrap();
        assert_eq!((url.user.as_str(), url.password.as_str()), ("guichet", "p@s/s:x"));
        assert_eq!((url.host.name.as_str(), url.host.port, url.database.as_str()), ("2001:db8::7", 7032, "db_guichet"));
        for bad in ["", "http://a:b@c/d", "mysql://c:1/d", "mysql://a:b@[::1:3/d", "mysql://a:b@c", "mysql://a:b@c/"] {
            assert!(DatabaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn beyond_this_machine_an_authority_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        std::fs::write(&file, "mysql://a:secret@db.example:1/d\n").unwrap();
        let mut config = Database { url_file: Some(file), ..Database::default() };
        let refused = endpoints(&config).unwrap_err().to_string();
        assert!(refused.contains("ca_file") && !refused.contains("secret"), "{refused}");
        config.ca_file = Some("/ca.pem".into());
        assert_eq!(endpoints(&config).unwrap()[0].label, "db.example:1");
    }
}
