//! Host names of calls. Each one leads to the portal, with the call as its front page.

use super::StoreError;
use crate::domain::slugs::slugs;
use sqlx::MySqlConnection;

slugs! {
    /// Source of a host name.
    pub enum HostSource {
        /// The call's definition, read when a process starts.
        Call = "call",
        /// The operator, by `guichet admin site`.
        Operator = "operator",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HostName {
    /// Host name, lower case.
    pub host: String,
    /// The call that it shows.
    pub call_id: String,
    /// `call` or `operator`.
    pub source: String,
}

/// Returns all host names, in order.
pub async fn all(db: &mut MySqlConnection) -> Result<Vec<HostName>, StoreError> {
    Ok(sqlx::query_as("select host, call_id, source from site order by host").fetch_all(db).await?)
}

/// Assigns a host name to a call. An assignment by the operator is kept when a call's definition names the host too.
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

/// Removes a host name; returns false if there was none.
pub async fn remove(db: &mut MySqlConnection, host: &str) -> Result<bool, StoreError> {
    Ok(sqlx::query("delete from site where host = ?").bind(host).execute(db).await?.rows_affected() > 0)
}
