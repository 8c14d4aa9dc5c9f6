//! The `stow` binary: arguments in, exit code out.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use stow::chain::Chain;
use stow::cli::{Cli, Command};

fn main() -> ExitCode {
    match carried_out(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            // Not by the log, which may not be there yet.
            let _ = writeln!(std::io::stderr(), "stow: {}", Chain(&*error));
            match error.downcast_ref::<stow::migrate::Error>() {
                Some(_) => stow::migrate::exit_code(),
                None => ExitCode::FAILURE,
            }
        }
    }
}

fn carried_out(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Run(settings) => stow::run::run(*settings)?,
        Command::Crd(settings) => printed(&stow::manifest::crd(&settings)?)?,
        Command::Policies(settings) => printed(&stow::manifest::policies(&settings)?)?,
        Command::Convert(settings) => stow::convert::convert(&settings)?,
        Command::Migrate(settings) => return Ok(stow::migrate::migrate(&settings)?),
    }
    Ok(ExitCode::SUCCESS)
}

fn printed(yaml: &str) -> Result<(), stow::run::Error> {
    std::io::stdout()
        .write_all(yaml.as_bytes())
        .map_err(stow::run::Error::Output)
}
