//! Host names of calls: each leads to the portal, and its first page is the call's.

use super::StoreError;
use sqlx::MySqlConnection;

/// Who named a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostSource {
    /// The call's own definition, read when a process starts.
    Call,
    /// The operator, by `guichet admin site`.
    Operator,
}

impl HostSource {
    /// As stored.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Operator => "operator",
        }
    }
}

/// One host name.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HostName {
    /// Host name, lower case.
    pub host: String,
    /// The call that it shows.
    pub call_id: String,
    /// `call` or `operator`.
    pub source: String,
}

/// All host names, in order.
pub async fn all(db: &mut MySqlConnection) -> Result<Vec<HostName>, StoreError> {
    Ok(sqlx::query_as("select host, call_id, source from site order by host").fetch_all(db).await?)
}

/// Gives a host name to a call. One that the operator gave stays as it is when a call's definition names it too.
pub async fn put(db: &mut MySqlConnection, host: &str, call: &str, source: HostSource) -> Result<(), StoreError> {
    let keep = match source {
        HostSource::Call => "on duplicate key update call_id = if(source = 'operator', call_id, values(call_id))",
        HostSource::Operator => "on duplicate key update call_id = values(call_id), source = values(source)",
    };
    let statement =
        format!("insert into site (host, call_id, source, created_at) values (?, ?, ?, utc_timestamp(6)) {keep}");
    sqlx::query(sqlx::AssertSqlSafe(statement)).bind(host).bind(call).bind(source.slug()).execute(db).await?;
    Ok(())
}

/// Takes a host name away; false when nobody had it.
pub async fn remove(db: &mut MySqlConnection, host: &str) -> Result<bool, StoreError> {
    Ok(sqlx::query("delete from site where host = ?").bind(host).execute(db).await?.rows_affected() > 0)
}
