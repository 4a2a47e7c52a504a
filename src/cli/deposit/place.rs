//! Where a file that `dossier.toml` names lies: within the folder, whatever form its letters have on the disk.

use crate::domain::text::Lang;
use anyhow::{Context, bail};
use std::{
    fs,
    path::{Component, Path, PathBuf},
};
use unicode_normalization::UnicodeNormalization;

/// The file of that name in the folder, its links followed. The folder may have come from somebody else: what lies outside
/// of it is nobody's to send.
pub fn find(folder: &Path, named: &str, lang: Lang) -> anyhow::Result<PathBuf> {
    let outside = || {
        let words = lang.tr(
            "est hors du répertoire du dossier : copiez le fichier dans ce répertoire",
            "lies outside the folder of the dossier: copy the file into the folder",
        );
        format!("{named} {words}")
    };
    let mut place = folder.to_owned();
    for part in Path::new(named).components() {
        match part {
            Component::Normal(name) => place = entry(&place, name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => bail!(outside()),
        }
    }
    let cannot = || format!("{} {}", lang.tr("impossible de lire", "cannot read"), place.display());
    let (folder, place) = (folder.canonicalize().with_context(cannot)?, place.canonicalize().with_context(cannot)?);
    if !place.starts_with(&folder) {
        bail!(outside());
    }
    if !place.is_file() {
        bail!("{} {}", place.display(), lang.tr("n’est pas un fichier", "is not a file"));
    }
    Ok(place)
}

/// An entry of a folder, under its name as written, or under one that reads the same: some systems keep `é` as one letter,
/// others as two.
fn entry(folder: &Path, name: &std::ffi::OsStr) -> PathBuf {
    let exact = folder.join(name);
    let Some(name) = name.to_str().filter(|_| exact.symlink_metadata().is_err()) else { return exact };
    let reads_the_same =
        |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(|other| other.nfc().eq(name.nfc()));
    let mut entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.find(reads_the_same).map_or(exact, |entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn find(folder: &Path, named: &str) -> Result<PathBuf, String> {
        super::find(folder, named, Lang::En).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_name_is_found_in_either_form() {
        let folder = tempfile::tempdir().unwrap();
        let (composed, decomposed) = ("relev\u{e9}.pdf", "releve\u{301}.pdf");
        for (disk, named) in [(composed, decomposed), (decomposed, composed)] {
            let within = folder.path().join("pie\u{300}ces");
            fs::create_dir(&within).unwrap();
            fs::write(within.join(disk), "x").unwrap();
            let found = find(folder.path(), &format!("./pi\u{e8}ces/{named}")).unwrap();
            assert_eq!(found.file_name().unwrap(), disk);
            fs::remove_dir_all(within).unwrap();
        }
        // Where both are there, the one that is named.
        for disk in [composed, decomposed] {
            fs::write(folder.path().join(disk), disk).unwrap();
        }
        for named in [composed, decomposed] {
            assert_eq!(find(folder.path(), named).unwrap().file_name().unwrap(), named);
        }
    }

    #[test]
    fn nothing_outside_the_folder_is_read() {
        let all = tempfile::tempdir().unwrap();
        let folder = all.path().join("dossier");
        fs::create_dir_all(folder.join("in")).unwrap();
        fs::write(all.path().join("secret.pdf"), "x").unwrap();
        fs::write(folder.join("in/own.pdf"), "x").unwrap();
        symlink("../secret.pdf", folder.join("out.pdf")).unwrap();
        symlink("..", folder.join("up")).unwrap();
        symlink("in/own.pdf", folder.join("link.pdf")).unwrap();
        symlink("nowhere", folder.join("dangling.pdf")).unwrap();
        let secret = all.path().join("secret.pdf").display().to_string();
        for named in ["../secret.pdf", "in/../../secret.pdf", "out.pdf", "up/secret.pdf", secret.as_str()] {
            let error = find(&folder, named).unwrap_err();
            assert!(error.contains("outside the folder"), "{named}: {error}");
        }
        assert!(find(&folder, "in").unwrap_err().contains("not a file"));
        assert!(find(&folder, "dangling.pdf").unwrap_err().contains("cannot read"));
        assert!(find(&folder, "absent.pdf").unwrap_err().contains("absent.pdf"));
        for named in ["in/own.pdf", "link.pdf"] {
            assert!(find(&folder, named).unwrap().ends_with("in/own.pdf"), "{named}");
        }
    }
}
