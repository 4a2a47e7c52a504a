//! State of the database, for readiness checks and `guichet doctor`.

use super::{Freshness, Store, StoreError};
use std::collections::BTreeSet;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/migrations");

/// The schema compared with this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Migrations that this program knows and the database has not applied.
    pub missing: usize,
    /// Migrations that the database has applied and this program does not know: it belongs to a later version.
    pub unknown: usize,
}

/// Server variables, each as text.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ServerVariables {
    pub version: String,
    /// `1` when every commit is on disk before it is acknowledged.
    pub flush_at_commit: String,
    /// `0` when a torn page after a power cut cannot be repaired.
    pub doublewrite: String,
    /// `1` when it writes a binary log, which replicas follow.
    pub binary_log: String,
    /// `1` when the binary log is on disk before a commit is acknowledged.
    pub sync_binary_log: String,
    /// `1` when it is read-only.
    pub read_only: String,
    /// Maximum size of a message in bytes.
    pub largest_message: String,
}

impl Store {
    /// Compares the schema with what this program expects. Any result means that the database works.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        let mut db = self.read(Freshness::OwnWrites).await?;
        let begun: i64 = sqlx::query_scalar(
            "select count(*) from information_schema.tables
             where table_schema = database() and table_name = '_sqlx_migrations'",
        )
        .fetch_one(&mut *db)
        .await?;
        let taken: Vec<i64> = if begun == 0 {
            Vec::new()
        } else {
            sqlx::query_scalar("select version from _sqlx_migrations where success").fetch_all(&mut *db).await?
        };
        let taken: BTreeSet<i64> = taken.into_iter().collect();
        let known: BTreeSet<i64> = MIGRATIONS.iter().map(|step| step.version).collect();
        Ok(Schema { missing: known.difference(&taken).count(), unknown: taken.difference(&known).count() })
    }

    /// Reads the settings that decide whether an acknowledged commit survives a power cut.
    pub async fn server(&self) -> Result<ServerVariables, StoreError> {
        let mut db = self.read(Freshness::OwnWrites).await?;
        Ok(sqlx::query_as(
            "select cast(version() as char) as version,
                    cast(@@innodb_flush_log_at_trx_commit as char) as flush_at_commit,
                    cast(@@innodb_doublewrite as char) as doublewrite,
                    cast(@@log_bin as char) as binary_log,
                    cast(@@sync_binlog as char) as sync_binary_log,
                    cast(@@read_only as char) as read_only,
                    cast(@@max_allowed_packet as char) as largest_message",
        )
        .fetch_one(&mut *db)
        .await?)
    }
}
