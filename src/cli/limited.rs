//! Checks or watermarks one file, or has its text read, for the portal that started it: from standard input to standard
//! output, within resource limits that it sets before reading. It is started for every file, so it runs before all other
//! initialization of the program.

use crate::adapters::inspect::{MAX_BYTES, inspect, limited, pdf_text, watermark};
use anyhow::Context;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::{
    env,
    io::{Read, Write, stdin, stdout},
    path::Path,
    process::ExitCode,
};

/// Runs one of these commands, if the command line names one.
#[must_use]
pub fn run() -> Option<ExitCode> {
    let mut arguments = env::args_os().skip(1).map_while(|argument| argument.into_string().ok());
    let outcome = match arguments.next()?.as_str() {
        limited::INSPECT_COMMAND => check_file(&arguments.collect::<Vec<_>>()),
        limited::WATERMARK_COMMAND => mark(&arguments.next().unwrap_or_default()),
        limited::TEXT_COMMAND => write_text(&arguments.next().unwrap_or_default()),
        _ => return None,
    };
    Some(if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check_file(accepted: &[String]) -> anyhow::Result<()> {
    let file = read()?;
    write(&serde_json::to_vec(&inspect(&file, accepted))?)
}

fn mark(media: &str) -> anyhow::Result<()> {
    let words = env::var(limited::WATERMARK_VARIABLE)?;
    let file = read()?;
    write(&watermark::mark(media, &file, &words).context("this file cannot be marked")?)
}

fn write_text(program: &str) -> anyhow::Result<()> {
    set_limits()?;
    Err(pdf_text::become_program(Path::new(program)).into())
}

fn read() -> anyhow::Result<Vec<u8>> {
    set_limits()?;
    let mut file = Vec::new();
    stdin().take(MAX_BYTES + 1).read_to_end(&mut file)?;
    Ok(file)
}

fn set_limits() -> anyhow::Result<()> {
    let limits = [
        (Resource::RLIMIT_AS, limited::MAX_MEMORY_BYTES),
        (Resource::RLIMIT_CPU, limited::MAX_SECONDS),
        (Resource::RLIMIT_FSIZE, limited::MAX_COPY),
        // A core dump would contain the file.
        (Resource::RLIMIT_CORE, 0),
    ];
    for (resource, most) in limits {
        let most = most.min(getrlimit(resource)?.1);
        setrlimit(resource, most, most)?;
    }
    Ok(())
}

fn write(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = stdout();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use crate::{
        adapters::inspect::fuzzing::file,
        mutations::{mutated, seeds},
    };

    /// Runs the fuzz target for a few seconds, with the same mutations of the seeds every time.
    #[test]
    fn files_are_judged_in_time() {
        mutated(&seeds("inspect"), 3000, 5, file);
    }
}
