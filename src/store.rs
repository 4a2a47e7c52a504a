//! The only SQL of the program.
//!
//! Reads take a [`Reader`] that says how fresh it must be; writes are named transactions that are run again on a
//! deadlock, with everything that varies (ids, instants) made outside, so that the second run is the same run.

pub mod account;
pub mod deposit;
pub mod dossier;
pub mod edge;
pub mod embedded;
mod error;
pub mod health;
pub mod journal;
pub mod outbox;
pub mod piece;
pub mod process;
mod row;
pub mod site;

pub use error::StoreError;

use crate::config::Database;
use sqlx::{
    MySql, MySqlConnection, MySqlPool, Transaction,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
    pool::PoolConnection,
};
use std::time::Duration;

/// How far behind a read may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// The reader must see its own writes: the leader.
    OwnWrites,
    /// A replica within a bound would do.
    MayLag,
}

/// The gate to the database.
#[derive(Clone, Debug)]
pub struct Store {
    pool: MySqlPool,
}

/// A connection inside a transaction.
pub type Connection = MySqlConnection;
/// A transaction; dropped without commit, it is rolled back.
pub type Tx = Transaction<'static, MySql>;
/// A connection for reading.
pub type Reader = PoolConnection<MySql>;

/// How often a transaction is tried when the database chose it as the victim of a deadlock.
const TRIES: u32 = 5;

impl Store {
    /// Prepares the pool; the first connection is made when it is needed, so that a portal starts before its database.
    ///
    /// # Errors
    /// When the password file cannot be read.
    pub fn open(config: &Database) -> Result<Self, std::io::Error> {
        let mut options = MySqlConnectOptions::new()
            .socket(&config.socket)
            .username(&config.user)
            .database(&config.name)
            .statement_cache_capacity(256);
        if let Some(file) = &config.password_file {
            options = options.password(std::fs::read_to_string(file)?.trim_end());
        }
        let pool = MySqlPoolOptions::new()
            .max_connections(config.max_connections)
            .acquire_timeout(Duration::from_secs(3))
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// When the database cannot be reached or a migration fails.
    pub async fn migrate(&self) -> Result<(), sqlx::migrate::MigrateError> {
        sqlx::migrate!("src/store/migrations").run(&self.pool).await
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When the database cannot be reached in time.
    pub async fn read(&self, _freshness: Freshness) -> Result<Reader, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// When the database cannot be reached in time.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(self.pool.begin().await?)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut reader = self.read(Freshness::OwnWrites).await?;
        sqlx::query("select 1").execute(&mut *reader).await?;
        Ok(())
    }

    /// Closes the pool.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Counts the runs of one transaction.
#[derive(Debug, Default)]
pub struct Tries(u32);

impl Tries {
    /// Ends a run: commits good work, rolls bad work back. None asks for another run, since the work lost a deadlock.
    ///
    /// The error is the work's own, or [`StoreError::UnknownOutcome`] when the answer to the commit was lost.
    pub async fn settle<T, E: From<StoreError> + Retriable>(
        &mut self,
        tx: Tx,
        work: Result<T, E>,
    ) -> Option<Result<T, E>> {
        self.0 += 1;
        match work {
            Ok(done) => Some(tx.commit().await.map(|()| done).map_err(|error| StoreError::commit(error).into())),
            Err(error) => match tx.rollback().await {
                Ok(()) if error.lost_a_deadlock() && self.0 < TRIES => None,
                _ => Some(Err(error)),
            },
        }
    }
}

/// Errors that may be cured by running the transaction again.
pub trait Retriable {
    /// True when the database rolled the transaction back in favour of another.
    fn lost_a_deadlock(&self) -> bool;
}
