//! What can go wrong between the program and the database.

use super::Retriable;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or refuses to work.
    #[error("the database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// A unique key stands already; its name.
    #[error("the key {0} stands already")]
    Duplicate(String),
    /// The transaction lost a deadlock or waited too long for a lock.
    #[error("the transaction lost against another one")]
    Deadlock(#[source] sqlx::Error),
    /// The connection broke while the commit was under way: it may or may not have happened.
    #[error("the outcome of the commit is unknown")]
    UnknownOutcome(#[source] sqlx::Error),
    /// The row was changed by another in the meantime.
    #[error("the row has changed in the meantime")]
    Stale,
    /// The database holds what the program never writes.
    #[error("{table}.{column} holds an impossible value")]
    Inconsistent {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
    },
    /// Everything else.
    #[error("the database refused a statement")]
    Statement(#[source] sqlx::Error),
}

/// MariaDB error numbers: lock wait timeout and deadlock.
const LOST: [u16; 2] = [1205, 1213];

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => {
                let number = database
                    .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
                    .map(sqlx::mysql::MySqlDatabaseError::number);
                if number.is_some_and(|number| LOST.contains(&number)) {
                    Self::Deadlock(error)
                } else if database.is_unique_violation() {
                    Self::Duplicate(key_name(database.message()))
                } else {
                    Self::Statement(error)
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            _ => Self::Statement(error),
        }
    }
}

impl StoreError {
    /// Reads the error of a commit: a broken connection leaves the outcome open.
    pub(super) fn commit(error: sqlx::Error) -> Self {
        match Self::from(error) {
            Self::Unavailable(error) => Self::UnknownOutcome(error),
            other => other,
        }
    }
}

impl Retriable for StoreError {
    fn lost_a_deadlock(&self) -> bool {
        matches!(self, Self::Deadlock(_))
    }
}

/// `Duplicate entry 'x' for key 'deposit_attempt'`: MariaDB tells the key in its message only.
fn key_name(message: &str) -> String {
    message.rsplit('\'').nth(1).unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned()
}
