//! The conversion webhook's speed and memory, beside two others': `make bench`.
//!
//! One load is put on three servers in turn, round by round, so that whatever
//! else the machine does falls on all of them: Stow's webhook; a handler that
//! reads each review and answers with bytes made before, which is what TLS and
//! HTTP cost alone; and a webhook on controller-runtime. What counts are the
//! ratios within a round.
//!
//! Nothing here may judge: it measures, and docs/performance.md says what of it.

#[path = "webhook/load.rs"]
mod load;
#[path = "webhook/report.rs"]
mod report;
#[path = "webhook/reviews.rs"]
mod reviews;
#[path = "webhook/serve.rs"]
mod serve;
#[path = "webhook/server.rs"]
mod server;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use load::Put;
use report::Report;
use reviews::LOADS;
use server::{Certificates, Kind, Server};

/// What may go wrong ends the measurement.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    serve: Option<Serve>,
    /// The webhook on controller-runtime, built.
    #[arg(long)]
    controller_runtime: Option<PathBuf>,
    /// How many times each server has its turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a turn is.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Only the loads whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Have the load generator read the objects of each answer, as an API server does,
    /// rather than let them go by.
    #[arg(long)]
    read: bool,
    /// Said by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

/// One server, in a process of its own so that its memory can be told.
#[derive(Subcommand)]
enum Serve {
    #[command(hide = true)]
    Serve(serve::Options),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match cli.serve {
            Some(Serve::Serve(options)) => serve::serve(options).await,
            None => measure(cli).await,
        }
    })
}

async fn measure(cli: Cli) -> Result<()> {
    let certificates = Certificates::make()?;
    let turn = Duration::from_secs_f64(cli.seconds);
    for load in LOADS.iter().filter(|load| load.name.contains(&cli.only)) {
        let review = load.review();
        let mut stow = Server::start(&Kind::Stow, &certificates).await?;
        let answer = load::first(&stow, &certificates, &review, load.objects).await?;
        let mut echo = Server::start(&Kind::Echo { answer: &answer }, &certificates).await?;
        let mut servers = vec![&mut stow, &mut echo];
        let mut go;
        if let Some(program) = &cli.controller_runtime {
            go = Server::start(&Kind::ControllerRuntime { program }, &certificates).await?;
            servers.push(&mut go);
        }
        for server in &servers {
            load::first(server, &certificates, &review, load.objects).await?;
        }
        let mut report = Report::new(load, review.len(), servers.len());
        for _ in 0..cli.rounds {
            for (index, server) in servers.iter().enumerate() {
                let put = Put {
                    review: &review,
                    connections: load.connections,
                    turn,
                    reads: cli.read,
                };
                report.add(index, put.on(server, &certificates).await?);
            }
        }
        let peaks = servers.iter().map(|server| server.peak_memory());
        report.print(&peaks.collect::<Result<Vec<_>>>()?);
    }
    Ok(())
}
