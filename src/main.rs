//! The `stow` binary: arguments in, exit code out.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use stow::chain::Chain;
use stow::cli::{Cli, Command};

fn main() -> ExitCode {
    match carried_out(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not by the log, which may not be there yet.
            let _ = writeln!(std::io::stderr(), "stow: {}", Chain(&*error));
            ExitCode::FAILURE
        }
    }
}

fn carried_out(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Run(settings) => stow::run::run(*settings)?,
        Command::Crd(settings) => printed(&stow::manifest::crd(&settings)?)?,
        Command::Policies(settings) => printed(&stow::manifest::policies(&settings)?)?,
        Command::Convert(settings) => stow::convert::convert(&settings)?,
    }
    Ok(())
}

fn printed(yaml: &str) -> Result<(), stow::run::Error> {
    std::io::stdout()
        .write_all(yaml.as_bytes())
        .map_err(stow::run::Error::Output)
}
