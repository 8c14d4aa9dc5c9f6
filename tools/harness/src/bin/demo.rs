//! `make demo`: see [`harness::demo`].

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use harness::demo::{self, Ending, Options};

/// Shows Stow from `kubectl apply` to a database, with everything on loopback.
///
/// With a terminal on standard input it stays up until Ctrl-C; without one it
/// checks each step, takes everything down, and exits with 0 if all held.
#[derive(Parser)]
struct Arguments {
    /// The stow binary to run.
    #[arg(long)]
    stow: PathBuf,
    /// The folder with the manifests and the examples.
    #[arg(long, default_value = "yaml")]
    yaml: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = Options {
        stow: arguments.stow,
        yaml: arguments.yaml,
        stay: std::io::stdin().is_terminal(),
    };
    match demo::run(&options).await {
        Ok(Ending::Shown) => ExitCode::SUCCESS,
        // What a shell reports of a program that an interrupt ended.
        Ok(Ending::Interrupted) => ExitCode::from(130),
        Err(error) => {
            // With nobody left to read it, the exit code says it alone.
            let _unread = writeln!(std::io::stderr(), "demo: {error}");
            ExitCode::FAILURE
        }
    }
}
