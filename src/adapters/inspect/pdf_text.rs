//! Poppler's `pdftotext`, which writes the text of a PDF. It is a program of another language that reads files of strangers:
//! it runs with the limits of [`super::limited`] and, where the kernel knows Landlock, may open its own libraries and nothing
//! else, nor any connection.

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, Scope, path_beneath_rules,
};
use std::{
    env, io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Most time for one file, whatever it waits for.
pub const TEXT_TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of text of a file: what comes later is not searched.
pub const MAX_TEXT_BYTES: u64 = 512 * 1024;
/// Pages that are read.
const MAX_PAGES: &str = "200";
/// Name of the program.
const PROGRAM: &str = "pdftotext";
/// Where a system has its programs and libraries. Those that are missing are left out.
const LIBRARY_FOLDERS: [&str; 9] =
    ["/usr", "/bin", "/lib", "/lib64", "/opt", "/nix/store", "/gnu/store", "/etc/ld.so.cache", "/etc/ld.so.preload"];
/// The newest version of Landlock whose rights are asked for; an older kernel gives those that it has.
const LANDLOCK: ABI = ABI::V6;

/// Where the program is, if it is installed.
pub fn find_program() -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(PROGRAM)).find(|program| program.is_file())
}

/// Turns this process into the program, which reads a PDF from standard input and writes its text to standard output.
/// Returns only when that failed.
pub fn become_program(program: &Path) -> io::Error {
    if let Err(error) = restrict() {
        return io::Error::other(error);
    }
    Command::new(program).args(["-q", "-enc", "UTF-8", "-nopgbrk", "-l", MAX_PAGES, "-", "-"]).env_clear().exec()
}

fn restrict() -> Result<(), RulesetError> {
    Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        .add_rules(path_beneath_rules(LIBRARY_FOLDERS, AccessFs::from_read(LANDLOCK)))?
        .restrict_self()?;
    Ok(())
}
