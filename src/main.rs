//! The `stow` binary: arguments in, exit code out.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use stow::chain::Chain;
use stow::cli::{Cli, Command};
use stow::preflight::Verdict;

fn main() -> ExitCode {
    let command = Cli::parse().command;
    let failure = match command {
        // Its 1 says that something was found.
        Command::Preflight(_) => Verdict::Unknown.into(),
        // Its 1 says that something was not migrated.
        Command::Migrate(_) => stow::migrate::exit_code(),
        _ => ExitCode::FAILURE,
    };
    carried_out(command).unwrap_or_else(|error| {
        // Not by the log, which may not be there yet.
        let _ = writeln!(std::io::stderr(), "stow: {}", Chain(&*error));
        failure
    })
}

fn carried_out(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Preflight(settings) => return Ok(stow::preflight::run(&settings)?.into()),
        Command::Run(settings) => stow::run::run(*settings)?,
        Command::Crd(settings) => printed(&stow::manifest::crd(&settings)?)?,
        Command::Policies(settings) => printed(&stow::manifest::policies(&settings)?)?,
        Command::Convert(settings) => stow::convert::run(&settings)?,
        Command::Migrate(settings) => return Ok(stow::migrate::run(&settings)?),
    }
    Ok(ExitCode::SUCCESS)
}

fn printed(yaml: &str) -> Result<(), stow::run::Error> {
    std::io::stdout()
        .write_all(yaml.as_bytes())
        .map_err(stow::run::Error::Output)
}
