//! The folder of an installation: one supervisor at a time, everything in it private.

use crate::store::embedded::{lock, private_folder};
use anyhow::Context;
use nix::fcntl::Flock;
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

/// An installation's folder, locked while this value lives.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: Flock<File>,
}

impl Folder {
    /// Creates the folder if needed, and locks it.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        private_folder(path)?;
        let path = path.canonicalize().with_context(|| path.display().to_string())?;
        let file = path.join("lock");
        let Some(mut lock) = lock(&file)? else {
            let owner = fs::read_to_string(&file).unwrap_or_default();
            anyhow::bail!(
                "another demonstration runs in {} (process {}): stop it, or choose another --dir",
                path.display(),
                owner.trim()
            );
        };
        lock.set_len(0)?;
        writeln!(lock, "{}", std::process::id())?;
        for sub in ["run", "log", "data", "mail", "tls"] {
            private_folder(&path.join(sub))?;
        }
        Ok(Self { path, _lock: lock })
    }

    /// The folder, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file or folder in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.file(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}
