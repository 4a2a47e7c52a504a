//! Detailed inspection of one server, for `guichet doctor`: slower than the polls that find the leader, and rare.

use super::{ServerStatus, status};
use crate::store::{endpoint::Endpoint, profile};
use sqlx::{ConnectOptions, Connection, MySqlConnection, Row};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;

/// Timeout per server.
const SERVER_TIMEOUT: Duration = Duration::from_secs(5);

/// The state that one server reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Version, such as `10.11.14-MariaDB`.
    pub version: String,
    /// The values that decide which server leads.
    pub status: ServerStatus,
    /// Values of the settings of the [`profile`], by name. A missing one is unknown to this version.
    pub values: BTreeMap<String, String>,
    /// Whether our account can write where nobody should: on read-only servers.
    pub writes_anywhere: bool,
}

impl Examined {
    /// Whether it accepts writes.
    #[must_use]
    pub fn leads(&self) -> bool {
        !self.status.read_only
    }
}

/// Inspects a server.
pub async fn examine(endpoint: &Endpoint) -> Result<Examined, String> {
    let look = async {
        let mut db = endpoint.options.connect().await?;
        let examined = look(&mut db).await?;
        db.close().await?;
        Ok::<_, sqlx::Error>(examined)
    };
    match timeout(SERVER_TIMEOUT, look).await {
        Ok(looked) => looked.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", SERVER_TIMEOUT.as_secs())),
    }
}

async fn look(db: &mut MySqlConnection) -> Result<Examined, sqlx::Error> {
    let version = sqlx::query_scalar("select cast(version() as char)").fetch_one(&mut *db).await?;
    let mut values = BTreeMap::new();
    for setting in profile::SETTINGS {
        let question = format!("show global variables where variable_name = '{}'", setting.name);
        // The names are constants of ours, never user input.
        let row = sqlx::raw_sql(sqlx::AssertSqlSafe(question)).fetch_optional(&mut *db).await?;
        if let Some(row) = row {
            values.insert(setting.name.to_owned(), row.try_get(1)?);
        }
    }
    let mut writes_anywhere = false;
    for row in sqlx::raw_sql("show grants").fetch_all(&mut *db).await? {
        let grant: String = row.try_get(0)?;
        let everywhere = grant.contains(" ON *.* ");
        writes_anywhere |= everywhere
            && ["ALL PRIVILEGES", "SUPER", "READ_ONLY ADMIN", "READ ONLY ADMIN"]
                .iter()
                .any(|privilege| grant.to_ascii_uppercase().contains(privilege));
    }
    Ok(Examined { version, status: status::query_status(db, false).await?, values, writes_anywhere })
}
