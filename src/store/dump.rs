//! Whole databases out, by MariaDB's own program: a text that any MariaDB of the same or a later version reads; and in, by
//! a reader of our own.

mod reader;

pub use reader::ReadError;

use super::{Store, StoreError, embedded::program, endpoint::Endpoint};
use reader::{DumpStatement, Statements};
use sqlx::{ConnectOptions, Connection, MySqlConnection, Row};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::Command;

/// Why a database could not be written out or read in.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// A program of MariaDB is missing.
    #[error("{0} is not installed; on Debian it comes with: apt install mariadb-client")]
    Missing(&'static str),
    /// A file cannot be used.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The program failed; its own words.
    #[error("{program} failed: {words}")]
    Failed {
        program: &'static str,
        /// What it said.
        words: String,
    },
    /// The file is not a dump of ours.
    #[error("cannot take {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: ReadError,
    },
    /// There is a database in the place.
    #[error("the database holds {0} tables already: a set is only restored into an empty one")]
    NotEmpty(i64),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Writes the whole database into a file, as of one instant and without holding anybody up.
    pub async fn dump(&self, to: &Path) -> Result<(), DumpError> {
        let endpoint = self.leading_endpoint().await?;
        let out = private(to)?;
        let options = [
            "--single-transaction",
            "--quick",
            "--hex-blob",
            "--skip-lock-tables",
            "--skip-dump-date",
            "--skip-add-drop-table",
            "--skip-comments",
            "--order-by-primary",
            "--default-character-set=utf8mb4",
            "--max-allowed-packet=64M",
        ];
        run("mariadb-dump", &endpoint, &options, out.try_clone().map_err(failed(to))?.into()).await?;
        out.sync_all().map_err(failed(to))
    }

    /// Reads such a file into an empty database: its tables and rows, whatever else it may say. See `reader`.
    pub async fn load(&self, from: &Path) -> Result<(), DumpError> {
        let tables = self.tables().await?;
        if tables > 0 {
            return Err(DumpError::NotEmpty(tables));
        }
        let mut statements = Statements::new(BufReader::new(File::open(from).map_err(failed(from))?));
        let endpoint = self.leading_endpoint().await?;
        let mut db = endpoint.options.connect().await.map_err(StoreError::from)?;
        sqlx::raw_sql(DUMP_SESSION).execute(&mut db).await.map_err(StoreError::from)?;
        let refused = |source| DumpError::Read { path: from.to_path_buf(), source };
        while let Some(statement) = statements.next().map_err(refused)? {
            let (DumpStatement::Create(text) | DumpStatement::Insert(text)) = statement;
            // Read by us to its end: one statement, of names and literals.
            sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut db).await.map_err(StoreError::from)?;
        }
        db.close().await.map_err(StoreError::from)?;
        Ok(())
    }

    /// Rows and checksum of every table, but for those whose rows change by themselves.
    pub async fn contents(&self) -> Result<BTreeMap<String, Contents>, StoreError> {
        let mut db = self.read(super::Freshness::OwnWrites).await?;
        let mut all = BTreeMap::new();
        for table in names(&mut db).await?.into_iter().filter(|table| !TRANSIENT_TABLES.contains(&table.as_str())) {
            // Names come from the database itself and are quoted.
            let count = format!("select count(*) from `{table}`");
            let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(&mut *db).await?;
            let sum = format!("checksum table `{table}`");
            let sum = sqlx::raw_sql(sqlx::AssertSqlSafe(sum)).fetch_one(&mut *db).await?;
            let checksum = sum.try_get::<Option<i64>, _>(1)?;
            all.insert(table, Contents { rows: u64::try_from(rows).unwrap_or(0), checksum });
        }
        Ok(all)
    }

    /// Drops every table.
    pub async fn empty(&self) -> Result<(), StoreError> {
        let mut db = self.write().await?;
        let names = names(&mut db).await?;
        let drops: String = names.iter().map(|table| format!("drop table `{table}`;")).collect();
        let drops = format!("set session foreign_key_checks = 0; {drops} set session foreign_key_checks = 1");
        sqlx::raw_sql(sqlx::AssertSqlSafe(drops)).execute(&mut *db).await?;
        Ok(())
    }

    /// How many tables there are.
    pub async fn tables(&self) -> Result<i64, StoreError> {
        let mut db = self.read(super::Freshness::OwnWrites).await?;
        let count = "select count(*) from information_schema.tables where table_schema = database()";
        Ok(sqlx::query_scalar(count).fetch_one(&mut *db).await?)
    }

    async fn leading_endpoint(&self) -> Result<Endpoint, StoreError> {
        let node = self.leader().await?.node;
        self.cluster.endpoints.get(node).cloned().ok_or(StoreError::NoLeader)
    }
}

/// The session that a dump is read in: what the dump itself would set, and the mode that the reader follows quotes by.
const DUMP_SESSION: &str =
    "set names utf8mb4, session time_zone = '+00:00', session sql_mode = 'NO_AUTO_VALUE_ON_ZERO',
                       session foreign_key_checks = 0, session unique_checks = 0";

/// Tables that say who is at work at the moment, and those that the program makes of others: they change without anybody
/// writing anything of worth.
const TRANSIENT_TABLES: [&str; 5] = ["process", "edge", "edge_process", "search_text", "piece_text"];

/// What a table holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    pub rows: u64,
    /// Checksum over all of them, by the server.
    pub checksum: Option<i64>,
}

async fn names(db: &mut MySqlConnection) -> Result<Vec<String>, StoreError> {
    let names = "select cast(table_name as char) from information_schema.tables
                 where table_schema = database() and table_type = 'BASE TABLE' order by table_name";
    Ok(sqlx::query_scalar(names).fetch_all(db).await?)
}

async fn run(name: &'static str, endpoint: &Endpoint, options: &[&str], output: Stdio) -> Result<(), DumpError> {
    let file = program(name).ok_or(DumpError::Missing(name))?;
    // The password stands in a file that only we can read: arguments are for everyone to see.
    let mut secret = tempfile::NamedTempFile::new().map_err(failed(Path::new("a temporary file")))?;
    let path = secret.path().to_path_buf();
    if let Some(password) = &endpoint.client.password {
        let quoted = password.replace('\\', "\\\\").replace('"', "\\\"");
        writeln!(secret, "[client]\npassword=\"{quoted}\"").map_err(failed(&path))?;
    }
    let done = Command::new(file)
        .arg(format!("--defaults-file={}", path.display()))
        .args(&endpoint.client.arguments)
        .args(options)
        .arg(&endpoint.client.database)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed(Path::new(name)))?
        .wait_with_output()
        .await
        .map_err(failed(Path::new(name)))?;
    if done.status.success() {
        Ok(())
    } else {
        let words = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        Err(DumpError::Failed { program: name, words })
    }
}

fn private(path: &Path) -> Result<File, DumpError> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> DumpError {
    let path = path.to_path_buf();
    move |source| DumpError::File { path, source }
}
