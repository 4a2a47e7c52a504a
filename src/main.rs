//! The program: parses the command line, sets up what every command needs, and converts the result into an exit code.

use anyhow::Context;
use clap::Parser;
use guichet::{Cli, color, escape_lines_for_terminal, is_broken_pipe, run_limited_command};
use std::{io::stderr, process::ExitCode};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    if let Some(code) = run_limited_command() {
        return code;
    }
    let cli = Cli::parse();
    let failure = cli.failure();
    match run(cli) {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("guichet: {}", escape_lines_for_terminal(&format!("{error:#}")));
            failure
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    log(cli.log_level());
    // Two libraries bring TLS providers, so none is the default. Without this, the first connection would panic.
    rustls::crypto::ring::default_provider().install_default().ok().context("cannot install the TLS provider")?;
    // Requests are served on a single thread: an installation runs as many processes as it wants cores, and a request
    // that never changes threads costs a third less. File access and similar work runs on other threads.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(cli.run())
}

/// Logs to standard error: text, or JSON if `GUICHET_LOG=json`. `RUST_LOG` sets the filter.
fn log(level: tracing::Level) {
    let mut filter = EnvFilter::builder().with_default_directive(level.into()).from_env_lossy();
    // rustls_platform_verifier logs errors that it also returns.
    if let Ok(silent) = "rustls_platform_verifier=off".parse() {
        filter = filter.add_directive(silent);
    }
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    if std::env::var_os("GUICHET_LOG").is_some_and(|form| form == "json") {
        log.json().init();
    } else {
        log.with_ansi(color::on_stderr()).with_target(false).init();
    }
}
