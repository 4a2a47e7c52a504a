//! `guichet man`: the manual pages.

use super::Cli;
use anyhow::Context;
use clap::CommandFactory;
use clap_mangen::{Man, generate_to};
use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

/// Options of `guichet man`.
#[derive(Clone, Debug, clap::Args)]
pub struct ManArgs {
    /// Folder for the pages of all commands, created if missing [default: print the page of `guichet` itself].
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs) -> anyhow::Result<()> {
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page)?;
        io::stdout().write_all(&page)?;
        return Ok(());
    };
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    generate_to(Cli::command(), dir).with_context(|| format!("cannot write into {}", dir.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        run(&ManArgs { dir: Some(folder.path().join("man1")) }).unwrap();
        for (page, word) in [
            ("guichet.1", "deposit"),
            ("guichet-doctor.1", "json"),
            ("guichet-access-give.1", "senior_officer"),
            ("guichet-edge-plan.1", "config"),
        ] {
            let text = fs::read_to_string(folder.path().join("man1").join(page)).unwrap();
            assert!(text.contains(word), "{page}: {text}");
        }
    }
}
