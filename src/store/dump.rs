//! Whole databases in and out, by MariaDB's own programs: a text that any MariaDB of the same or a later version reads.

use super::{Store, StoreError, embedded::program, endpoint::Endpoint};
use std::{
    fs::{self, File},
    io::{self, Write},
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
        /// The program.
        program: &'static str,
        /// What it said.
        words: String,
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
    ///
    /// # Errors
    /// See [`DumpError`].
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
        run("mariadb-dump", &endpoint, &options, Stdio::null(), out.try_clone().map_err(failed(to))?.into()).await?;
        out.sync_all().map_err(failed(to))
    }

    /// Reads such a file into an empty database.
    ///
    /// # Errors
    /// See [`DumpError`].
    pub async fn load(&self, from: &Path) -> Result<(), DumpError> {
        let tables = self.tables().await?;
        if tables > 0 {
            return Err(DumpError::NotEmpty(tables));
        }
        let endpoint = self.leading_endpoint().await?;
        let text = File::open(from).map_err(failed(from))?;
        let options = ["--default-character-set=utf8mb4", "--max-allowed-packet=64M", "--batch"];
        run("mariadb", &endpoint, &options, text.into(), Stdio::null()).await
    }

    /// How many tables there are.
    ///
    /// # Errors
    /// When the database fails.
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

async fn run(
    name: &'static str,
    endpoint: &Endpoint,
    options: &[&str],
    input: Stdio,
    output: Stdio,
) -> Result<(), DumpError> {
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
        .stdin(input)
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
