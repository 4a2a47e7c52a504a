//! Errors of the store.

use super::Retriable;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is unreachable or refuses to work.
    #[error("the database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// Violation of a unique key, with its name.
    #[error("the key {0} stands already")]
    Duplicate(String),
    /// The transaction lost a deadlock or timed out waiting for a lock.
    #[error("the transaction lost against another one")]
    Deadlock(#[source] sqlx::Error),
    /// The disk of the database is full; nothing was written.
    #[error("the disk of the database is full")]
    Full(#[source] sqlx::Error),
    /// No server of the cluster accepts writes, or several do.
    #[error("no server of the cluster leads")]
    NoLeader,
    /// The server is no longer the leader; nothing was committed.
    #[error("the leader was lost or does not answer")]
    Moved,
    /// No second server confirms the leader's writes.
    #[error("no second server confirms writes")]
    NotReplicated,
    /// The connection was lost during the commit, which may or may not have succeeded.
    #[error("the outcome of the commit is unknown")]
    UnknownOutcome(#[source] sqlx::Error),
    /// The leader has committed, but no second server has confirmed it. The loss of the leader would undo the commit.
    #[error("the leader has it, and no second server has confirmed it")]
    Unconfirmed,
    /// The row has been changed by another transaction.
    #[error("the row has changed in the meantime")]
    Stale,
    /// The database contains a value that the program never writes.
    #[error("{table}.{column} holds an impossible value")]
    Inconsistent { table: &'static str, column: &'static str },
    /// Any other error.
    #[error("the database refused a statement")]
    Statement(#[source] sqlx::Error),
}

/// MariaDB error numbers: lock wait timeout and deadlock.
const DEADLOCK_CODES: [u16; 2] = [1205, 1213];
/// MariaDB error numbers of a full disk.
const FULL_CODES: [u16; 2] = [1021, 1114];
/// MariaDB error numbers of a server that is shutting down, read-only or full: too many connections (1040, 1203),
/// shutdown (1053), read-only (1290, 1836), connection killed (1927).
const RETIRING_SERVER_CODES: [u16; 6] = [1040, 1053, 1203, 1290, 1836, 1927];

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => {
                let number = database
                    .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
                    .map(sqlx::mysql::MySqlDatabaseError::number);
                if number.is_some_and(|number| DEADLOCK_CODES.contains(&number)) {
                    Self::Deadlock(error)
                } else if number.is_some_and(|number| RETIRING_SERVER_CODES.contains(&number)) {
                    Self::Unavailable(error)
                } else if number.is_some_and(|number| FULL_CODES.contains(&number)) {
                    Self::Full(error)
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

/// The unique keys on the ids of deposit and dossier attempts.
const ATTEMPTS: [&str; 2] = ["deposit_attempt", "dossier_attempt"];

impl StoreError {
    /// Whether a transaction that is identified by its attempt may have been done: its outcome is unknown, or a
    /// concurrent duplicate committed first. A key that MariaDB does not name may be that of the attempt.
    #[must_use]
    pub fn may_have_committed(&self) -> bool {
        match self {
            Self::UnknownOutcome(_) => true,
            Self::Duplicate(key) => key.is_empty() || ATTEMPTS.contains(&key.as_str()),
            _ => false,
        }
    }

    /// The same error for another one of those who shared a transaction; `None` if something that only one of them wrote
    /// may have caused it.
    #[must_use]
    pub fn shared(&self) -> Option<Self> {
        let same = |error: &sqlx::Error| sqlx::Error::Io(std::io::Error::other(error.to_string()));
        Some(match self {
            Self::Unavailable(error) => Self::Unavailable(same(error)),
            Self::Deadlock(error) => Self::Deadlock(same(error)),
            Self::UnknownOutcome(error) => Self::UnknownOutcome(same(error)),
            Self::NoLeader => Self::NoLeader,
            Self::Moved => Self::Moved,
            Self::NotReplicated => Self::NotReplicated,
            Self::Unconfirmed => Self::Unconfirmed,
            Self::Duplicate(_) | Self::Full(_) | Self::Stale | Self::Inconsistent { .. } | Self::Statement(_) => {
                return None;
            }
        })
    }

    /// Maps the error of a commit: after a lost connection the outcome is unknown.
    pub(super) fn commit(error: sqlx::Error) -> Self {
        match Self::from(error) {
            Self::Unavailable(error) => Self::UnknownOutcome(error),
            other => other,
        }
    }
}

impl Retriable for StoreError {
    fn may_run_again(&self) -> bool {
        matches!(self, Self::Deadlock(_)) || self.lost_its_server()
    }

    fn lost_its_server(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Moved | Self::NoLeader)
    }
}

/// `Duplicate entry 'x' for key 'deposit_attempt'`: MariaDB names the key only in the message.
fn key_name(message: &str) -> String {
    message.rsplit('\'').nth(1).unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned()
}
