//! Stored volume of an installation, for accounting.

use super::StoreError;
use sqlx::MySqlConnection;

/// Volume of a call.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OfCall {
    pub call_id: String,
    /// Dossiers created.
    pub dossiers: i64,
    /// Deposits acknowledged.
    pub deposits: i64,
}

pub async fn by_call(db: &mut MySqlConnection) -> Result<Vec<OfCall>, StoreError> {
    let counts = "select cast(call_id as char) call_id, cast(sum(dossiers) as signed) dossiers,
                         cast(sum(deposits) as signed) deposits
                  from (select call_id, count(*) dossiers, 0 deposits from dossier group by call_id
                        union all select call_id, 0, count(*) from deposit group by call_id) counts
                  group by call_id order by call_id";
    Ok(sqlx::query_as(counts).fetch_all(db).await?)
}

/// Returns the size of tables and indexes in bytes, as estimated by the database.
pub async fn bytes(db: &mut MySqlConnection) -> Result<i64, StoreError> {
    let sum = "select cast(coalesce(sum(data_length + index_length), 0) as signed) from information_schema.tables
               where table_schema = database()";
    Ok(sqlx::query_scalar(sum).fetch_one(db).await?)
}
