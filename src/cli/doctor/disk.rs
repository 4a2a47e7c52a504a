//! The data folder and the keys in it.

use super::Sheet;
use crate::config::Config;
use nix::sys::statvfs::statvfs;
use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

/// Free space below which deposits are about to fail.
const CRITICAL_FREE_BYTES: u64 = 1 << 30;
/// Free space below which the operator should know.
const LOW_FREE_BYTES: u64 = 10 << 30;
/// The private keys.
const KEY_FILES: [&str; 4] = ["session.key", "api.key", "receipt.key", "form.key"];

/// Examines the folder.
pub fn examine(config: &Config, sheet: &mut Sheet) {
    let data = &config.portal.data_dir;
    if !data.is_dir() {
        sheet.attention(
            format!("The data folder {} is not there; the first start makes it, with new keys.", data.display()),
            "Nothing to do for a new installation; otherwise mount or restore it before starting.",
        );
        return;
    }
    match tempfile::NamedTempFile::new_in(data) {
        Ok(_) => sheet.fine(format!("The data folder {} can be written to.", data.display())),
        Err(error) => sheet.problem(
            format!("The data folder {} cannot be written to: {error}.", data.display()),
            "Give it to the user that runs guichet, on a file system that is mounted for writing.",
        ),
    }
    space(data, sheet);
    keys(&data.join("keys"), sheet);
}

fn space(data: &Path, sheet: &mut Sheet) {
    let free = match statvfs(data) {
        Ok(found) => found.blocks_available().saturating_mul(found.fragment_size()),
        Err(error) => {
            sheet.attention(format!("The free space of {} is unknown: {error}.", data.display()), "Look with df.");
            return;
        }
    };
    let text = format!("{} MiB are free in {}.", free >> 20, data.display());
    if free < CRITICAL_FREE_BYTES {
        sheet.problem(text, "Make room: without it, pieces and deposits are refused.");
    } else if free < LOW_FREE_BYTES {
        sheet.attention(text, "Make room before a round closes; most pieces come on the last evening.");
    } else {
        sheet.fine(text);
    }
}

fn keys(folder: &Path, sheet: &mut Sheet) {
    let mut private = 0;
    for name in KEY_FILES {
        let path = folder.join(name);
        match fs::metadata(&path) {
            Ok(found) if found.mode() & 0o777 == 0o600 => private += 1,
            Ok(found) => sheet.problem(
                format!(
                    "The private key {} has mode {:04o}: others may have read it.",
                    path.display(),
                    found.mode() & 0o777
                ),
                format!("chmod 600 {}, and consider it known if others use this machine.", path.display()),
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => sheet.attention(
                format!("The private key {} is not there; the next start makes a new one.", path.display()),
                "Nothing to do for a new installation; otherwise restore it, since tokens and receipts depend on it.",
            ),
            Err(error) => sheet.problem(
                format!("The private key {} cannot be seen: {error}.", path.display()),
                "Run guichet as the user that owns the data folder.",
            ),
        }
    }
    if private == KEY_FILES.len() {
        sheet.fine("The private keys are there, and private.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_that_others_can_read_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        for name in KEY_FILES {
            fs::write(folder.path().join(name), "x").unwrap();
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let mut sheet = Sheet::default();
        keys(folder.path(), &mut sheet);
        assert_eq!(sheet.lines.len(), 1);
        fs::set_permissions(folder.path().join("api.key"), fs::Permissions::from_mode(0o640)).unwrap();
        fs::remove_file(folder.path().join("form.key")).unwrap();
        let mut sheet = Sheet::default();
        keys(folder.path(), &mut sheet);
        let marks: Vec<_> = sheet.lines.iter().map(|line| line.mark).collect();
        assert_eq!(marks, [super::super::Mark::Problem, super::super::Mark::Attention]);
    }
}
