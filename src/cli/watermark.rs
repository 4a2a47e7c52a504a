//! Marks one piece, for the portal that started it: standard input to standard output.

use crate::app::watermark::{self, MAX_BYTES, apart};
use anyhow::Context;
use clap::Args;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io::{Read, Write, stdin, stdout};

#[derive(Debug, Args)]
pub struct WatermarkArgs {
    /// What the piece is.
    media: String,
    /// What every page is to say.
    #[arg(long, env = apart::WORDS, hide_env_values = true)]
    words: String,
}

/// Marks what is read; a failure where it cannot be marked.
pub fn run(args: &WatermarkArgs) -> anyhow::Result<()> {
    let limits = [
        (Resource::RLIMIT_AS, apart::MAX_MEMORY),
        (Resource::RLIMIT_CPU, apart::MAX_SECONDS),
        (Resource::RLIMIT_FSIZE, apart::MAX_COPY),
        // What it leaves when it falls would hold the piece.
        (Resource::RLIMIT_CORE, 0),
    ];
    for (resource, most) in limits {
        let most = most.min(getrlimit(resource)?.1);
        setrlimit(resource, most, most)?;
    }
    let mut piece = Vec::new();
    stdin().take(MAX_BYTES + 1).read_to_end(&mut piece)?;
    let marked = watermark::mark(&args.media, &piece, &args.words).context("this file cannot be marked")?;
    let mut out = stdout();
    out.write_all(&marked)?;
    Ok(out.flush()?)
}
