//! Certificates in the operator's files. They are watched, and polled as well: some file systems send no notice.

use super::{CertificatesError, LoadedCertificate};
use crate::{
    config::CertificateFiles,
    edge::{
        certificate::SiteCertificate,
        file_version::{FileVersion, file_version},
    },
};
use notify::{RecursiveMode, Watcher};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Notify;

/// One pair of files.
struct Pair {
    files: CertificateFiles,
    read_versions: Option<(Option<FileVersion>, Option<FileVersion>)>,
    /// The last valid reading.
    good: Option<SiteCertificate>,
    issue: Option<String>,
}

impl Pair {
    fn new(files: &CertificateFiles) -> Self {
        Self { files: files.clone(), read_versions: None, good: None, issue: None }
    }

    fn refresh(&mut self) {
        let versions = (file_version(&self.files.certificate), file_version(&self.files.private_key));
        if self.read_versions == Some(versions) {
            return;
        }
        self.read_versions = Some(versions);
        match SiteCertificate::read(&self.files.certificate, &self.files.private_key) {
            // A renewal that is not valid now does not replace a certificate that is.
            Ok(certificate) if !certificate.is_valid() && self.good.as_ref().is_some_and(SiteCertificate::is_valid) => {
                let reason = certificate.date_issue().unwrap_or_default();
                tracing::warn!(fingerprint = certificate.fingerprint, "certificate was not applied: {reason}");
                self.issue = Some(format!("{reason}; the previous one stays"));
            }
            Ok(certificate) => {
                if self.good.as_ref() != Some(&certificate) {
                    tracing::info!(fingerprint = certificate.fingerprint, "certificate read");
                }
                self.issue = exposed(&self.files.private_key);
                self.good = Some(certificate);
            }
            Err(error) => {
                let reason = format!("{:#}", anyhow::Error::from(error));
                let kept = if self.good.is_some() { "; the previous one stays" } else { "" };
                tracing::warn!("certificate was not applied: {reason}{kept}");
                self.issue = Some(format!("{reason}{kept}"));
            }
        }
    }

    fn loaded(&self) -> Option<LoadedCertificate> {
        let certificate = self.good.clone()?;
        let issue = self.issue.clone().or(certificate.date_issue());
        Some(LoadedCertificate { certificate, source: self.files.certificate.display().to_string(), issue })
    }

    fn issue(&self) -> Option<String> {
        self.issue.clone().or_else(|| self.good.as_ref()?.date_issue())
    }
}

fn exposed(key: &Path) -> Option<String> {
    let mode = fs::metadata(key).ok()?.mode();
    (mode & 0o007 != 0).then(|| format!("{} can be read by everyone: chmod 600", key.display()))
}

pub struct Files {
    pairs: Vec<Pair>,
    watcher: notify::RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    changed: Arc<Notify>,
}

impl Files {
    /// Starts to watch.
    pub fn watch(files: &[CertificateFiles]) -> Result<Self, CertificatesError> {
        let changed = Arc::new(Notify::new());
        let notice = changed.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                notice.notify_one();
            }
        })?;
        let mut this = Self { pairs: Vec::new(), watcher, folders: BTreeSet::new(), changed };
        this.reconfigure(files)?;
        Ok(this)
    }

    /// Changes the files. Files that were known before keep their last valid reading.
    pub fn reconfigure(&mut self, files: &[CertificateFiles]) -> Result<(), CertificatesError> {
        let mut old = std::mem::take(&mut self.pairs);
        for files in files {
            let known = old.iter().position(|pair| pair.files == *files);
            self.pairs.push(known.map_or_else(|| Pair::new(files), |at| old.swap_remove(at)));
            // The folder is watched, because renewals replace files, and a watch on a file would follow the old one.
            for file in [&files.certificate, &files.private_key] {
                let folder = file.parent().filter(|folder| folder.is_dir());
                if let Some(folder) = folder.filter(|folder| !self.folders.contains(*folder)) {
                    self.watcher.watch(folder, RecursiveMode::NonRecursive)?;
                    self.folders.insert(folder.into());
                }
            }
        }
        Ok(())
    }

    /// The last valid reading of every pair.
    pub fn current(&mut self) -> Vec<LoadedCertificate> {
        self.pairs.iter_mut().for_each(Pair::refresh);
        self.pairs.iter().filter_map(Pair::loaded).collect()
    }

    /// All issues, as file and reason.
    pub fn issues(&self) -> Vec<(String, String)> {
        let of = |pair: &Pair| Some((pair.files.certificate.display().to_string(), pair.issue()?));
        self.pairs.iter().filter_map(of).collect()
    }

    /// Resolves when a file may have changed.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::Files;
    use crate::config::CertificateFiles;
    use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

    fn write(files: &CertificateFiles, names: &[&str]) -> String {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let issued = rcgen::generate_simple_self_signed(names).unwrap();
        fs::write(&files.private_key, issued.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(&files.private_key, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&files.certificate, issued.cert.pem()).unwrap();
        super::SiteCertificate::read(&files.certificate, &files.private_key).unwrap().fingerprint
    }

    fn pair(folder: &Path) -> CertificateFiles {
        CertificateFiles { certificate: folder.join("a.pem"), private_key: folder.join("a.key") }
    }

    #[tokio::test]
    async fn a_renewed_file_is_noticed_and_a_bad_one_keeps_its_predecessor() {
        let folder = tempfile::tempdir().unwrap();
        let pair = pair(folder.path());
        let first = write(&pair, &["a.example"]);
        let mut files = Files::watch(std::slice::from_ref(&pair)).unwrap();
        assert_eq!(files.current()[0].certificate.fingerprint, first);
        let second = write(&pair, &["a.example"]);
        tokio::time::timeout(Duration::from_secs(5), files.changed()).await.unwrap();
        assert_eq!(files.current()[0].certificate.fingerprint, second);
        fs::write(&pair.certificate, "nonsense").unwrap();
        let loaded = files.current();
        assert_eq!(loaded[0].certificate.fingerprint, second);
        assert!(loaded[0].issue.as_ref().unwrap().contains("the previous one stays"), "{loaded:?}");
        assert_eq!(files.issues().len(), 1);
    }

    #[test]
    fn a_key_that_everyone_can_read_is_complained_of() {
        let folder = tempfile::tempdir().unwrap();
        let pair = pair(folder.path());
        write(&pair, &["a.example"]);
        fs::set_permissions(&pair.private_key, fs::Permissions::from_mode(0o644)).unwrap();
        let mut files = Files::watch(&[pair]).unwrap();
        assert!(files.current()[0].issue.as_ref().unwrap().contains("chmod 600"));
    }
}
