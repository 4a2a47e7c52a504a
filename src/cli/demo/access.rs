//! `access.json`: everything that a person, a test or a benchmark needs to use the running installation.

use serde::Serialize;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The part that does not change while the installation runs.
#[derive(Clone, Serialize)]
pub struct Access {
    /// Public address.
    pub url: String,
    /// The certificate of the authority that signed the site's, PEM, absolute path.
    pub ca_cert: PathBuf,
    /// The page that shows the sent mails.
    pub mailbox_url: String,
    /// Bearer token of the sample applicant.
    pub applicant_token: String,
    /// Bearer token of the sample officer.
    pub officer_token: String,
    /// The edge's operator page, status and metrics.
    pub edge_ops: String,
    /// Health, readiness and metrics of each portal process.
    pub instance_ops: Vec<String>,
}

/// The file, rewritten when processes start or restart.
#[derive(Clone)]
pub struct AccessFile(Arc<Mutex<Content>>);

struct Content {
    path: PathBuf,
    access: Option<Access>,
    pids: BTreeMap<String, u32>,
}

impl AccessFile {
    /// A file that is written on the first call of `describe`; the one of an earlier run is removed, because its tokens
    /// may be invalid.
    pub fn new(path: PathBuf) -> Self {
        if let Err(error) = std::fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            eprintln!("cannot remove {}: {error}", path.display());
        }
        Self(Arc::new(Mutex::new(Content { path, access: None, pids: BTreeMap::new() })))
    }

    /// Writes the file for the first time.
    pub fn describe(&self, access: Access) -> anyhow::Result<()> {
        let mut content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        content.access = Some(access);
        Ok(content.write()?)
    }

    /// Records the process id of a child, which changes on a restart.
    pub fn started(&self, name: &str, pid: u32) {
        let mut content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        content.pids.insert(name.into(), pid);
        if let Err(error) = content.write() {
            eprintln!("cannot write {}: {error}", content.path.display());
        }
    }
}

impl Content {
    fn write(&self) -> std::io::Result<()> {
        let Some(access) = &self.access else { return Ok(()) };
        let mut value = serde_json::to_value(access)?;
        value["pids"] = Value::Object(self.pids());
        let folder = self.path.parent().unwrap_or(Path::new("."));
        // Private from its first byte, and never visible half written.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut file, &value)?;
        file.write_all(b"\n")?;
        file.persist(&self.path)?;
        Ok(())
    }

    fn pids(&self) -> Map<String, Value> {
        let serve: Vec<u32> =
            self.pids.iter().filter(|(name, _)| name.starts_with("serve-")).map(|(_, pid)| *pid).collect();
        let others = self.pids.iter().filter(|(name, _)| !name.starts_with("serve-"));
        let mut pids: Map<_, _> = others.map(|(name, pid)| (name.clone(), json!(pid))).collect();
        pids.insert("supervisor".into(), json!(std::process::id()));
        pids.insert("serve".into(), json!(serve));
        pids
    }
}
