//! `guichet completions`: what a shell needs to complete the commands.

use super::Cli;
use clap::CommandFactory;
use clap_complete::{Shell, generate};
use std::io::{self, Write};

/// Options of `guichet completions`.
#[derive(Clone, Debug, clap::Args)]
pub struct CompletionsArgs {
    /// Shell.
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<()> {
    // The generators panic when their output cannot be written.
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "guichet", &mut script);
    io::stdout().write_all(&script)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_gets_the_commands() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            generate(*shell, &mut Cli::command(), "guichet", &mut script);
            let script = String::from_utf8(script).unwrap();
            for word in ["guichet", "deposit", "doctor", "completions"] {
                assert!(script.contains(word), "{shell} lacks {word}");
            }
            if matches!(shell, Shell::Bash | Shell::Fish | Shell::Zsh) {
                assert!(script.contains("senior_officer"), "{shell} completes values too");
            }
        }
    }
}
