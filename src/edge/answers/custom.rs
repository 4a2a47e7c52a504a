//! The operator's pages in place of the built-in ones: files `<status>.html` of one folder, reloaded when they change.

use crate::edge::{
    answers::STATUSES,
    file_version::{FileVersion, file_version, read_regular_file},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Every worker of Sōzu has all pages in memory.
const MAX_PAGE_BYTES: u64 = 256 << 10;

/// The pages of the last reading.
#[derive(Debug, Default)]
pub struct CustomAnswers {
    seen: BTreeMap<PathBuf, Option<FileVersion>>,
    folder: Option<PathBuf>,
    pages: BTreeMap<String, String>,
    issues: Vec<(String, String)>,
}

impl CustomAnswers {
    /// The pages of a folder, by status.
    pub fn current(&mut self, folder: Option<&Path>) -> &BTreeMap<String, String> {
        let files = folder.map(fs::read_dir).and_then(Result::ok).into_iter().flatten().flatten();
        let seen: BTreeMap<_, _> = files.map(|entry| (entry.path(), file_version(&entry.path()))).collect();
        if self.seen != seen || self.folder.as_deref() != folder || self.folder_is_missing() {
            (self.seen, self.folder) = (seen, folder.map(Path::to_path_buf));
            self.read();
        }
        &self.pages
    }

    /// What cannot be used, as file and reason.
    #[must_use]
    pub fn issues(&self) -> &[(String, String)] {
        &self.issues
    }

    fn folder_is_missing(&self) -> bool {
        self.folder.as_ref().is_some_and(|folder| !folder.is_dir())
    }

    fn read(&mut self) {
        (self.pages, self.issues) = (BTreeMap::new(), Vec::new());
        if self.folder_is_missing() {
            let folder = self.folder.iter().map(|folder| folder.display().to_string()).collect();
            self.issues.push((folder, "edge.answers_dir is no folder: the built-in pages are used".into()));
        }
        for path in self.seen.keys().filter(|path| path.extension().is_some_and(|extension| extension == "html")) {
            match page(path) {
                Ok((status, text)) => drop(self.pages.insert(status, text)),
                Err(reason) => {
                    self.issues.push((path.display().to_string(), format!("{reason}: the built-in page is used")))
                }
            }
        }
    }
}

fn page(path: &Path) -> Result<(String, String), String> {
    let status = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if !STATUSES.contains(&status) {
        return Err(format!("Sōzu answers with {} only", STATUSES.join(", ")));
    }
    if fs::metadata(path).is_ok_and(|meta| meta.len() > MAX_PAGE_BYTES) {
        return Err(format!("it is larger than {} kB", MAX_PAGE_BYTES >> 10));
    }
    let text = read_regular_file(path).map_err(|error| format!("it cannot be read ({error})"))?;
    if text.trim().is_empty() {
        return Err("it is empty".into());
    }
    Ok((status.to_owned(), text))
}

#[cfg(test)]
mod tests {
    use super::CustomAnswers;

    #[test]
    fn pages_are_told_by_their_names_and_what_cannot_be_used_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut answers = CustomAnswers::default();
        assert!(answers.current(None).is_empty() && answers.issues().is_empty());
        for (name, text) in [("503.html", "<p>x"), ("note.txt", "x"), ("999.html", "<p>"), ("404.html", " ")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        nix::unistd::mkfifo(&folder.path().join("502.html"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let pages = answers.current(Some(folder.path())).clone();
        assert_eq!(pages.into_keys().collect::<Vec<_>>(), ["503"]);
        assert_eq!(answers.issues().len(), 3, "{:?}", answers.issues());
        std::fs::write(folder.path().join("404.html"), "<p>gone").unwrap();
        assert_eq!(answers.current(Some(folder.path())).len(), 2);
        assert!(answers.current(Some(&folder.path().join("none"))).is_empty());
        assert_eq!(answers.issues().len(), 1);
    }
}
