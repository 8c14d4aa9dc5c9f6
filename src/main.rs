//! The `stow` binary: arguments in, exit code out.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use stow::chain::Chain;
use stow::cli::{Cli, Command};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(settings) => stow::run::run(*settings),
        Command::Crd(settings) => stow::manifest::crd(&settings).and_then(|yaml| printed(&yaml)),
        Command::Policies(settings) => {
            stow::manifest::policies(&settings).and_then(|yaml| printed(&yaml))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not by the log, which may not be there yet.
            let _ = writeln!(std::io::stderr(), "stow: {}", Chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn printed(yaml: &str) -> Result<(), stow::run::Error> {
    std::io::stdout()
        .write_all(yaml.as_bytes())
        .map_err(stow::run::Error::Output)
}
