//! The demo: what a user does with Stow, done on this machine, and checked.
//!
//! It follows the README's commands and reads what they print; where a check
//! needs to know what happened at RDS, it asks drydock. It knows Stow only from
//! outside.

mod checks;
mod connection;
mod stage;

use std::{fmt::Display, future::Future, io::Write, path::PathBuf, time::Duration};

use tokio::signal::unix::{SignalKind, signal};

use self::stage::Stage;
use crate::error::{Error, Result};

/// Where the examples are applied.
const NAMESPACE: &str = "demo";
/// The objects' kind, as a user types it.
const KIND: &str = "postgresdb";
/// No demo is looked at for longer.
const FOR_GOOD: Duration = Duration::from_hours(24 * 365);

/// What to show.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `stow` binary.
    pub stow: PathBuf,
    /// The folder of the shipped manifests.
    pub yaml: PathBuf,
    /// Whether to stay up until a signal, in place of deleting and ending.
    pub stay: bool,
}

/// How a demo ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All was shown, and whatever was checked held.
    Shown,
    /// A signal came before all was shown.
    Interrupted,
}

/// Shows it. However it ends, everything that it started is down then.
///
/// # Errors
/// Whatever did not hold, with the end of the operator's output if it ran.
pub async fn run(options: &Options) -> Result<Ending> {
    let interrupted = interrupted()?;
    tokio::pin!(interrupted);
    let mut stage = None;
    let shown = tokio::select! {
        shown = show(options, &mut stage) => shown,
        () = &mut interrupted => return Ok(Ending::Interrupted),
    };
    shown.map_err(|error| explain(error, stage.as_ref()))?;

    if let Some(stage) = stage.as_mut().filter(|_| options.stay) {
        say(connection::how_to_use(stage))?;
        tokio::select! {
            () = &mut interrupted => {}
            ended = stage.operator_ended(FOR_GOOD) => return Err(ended),
        }
        say("\ntaking everything down")?;
    }
    Ok(Ending::Shown)
}

async fn show(options: &Options, stage: &mut Option<Stage>) -> Result<()> {
    say("==> booting a Kubernetes control plane and drydock, an RDS, on loopback")?;
    let stage = stage.insert(Stage::boot().await?);
    for manifest in [
        "crd.yaml",
        "config-map.yaml",
        "policies.yaml",
        "deployment.yaml",
    ] {
        apply(stage, options, manifest, &[]).await?;
    }

    say("==> running the operator as ServiceAccount stow-system/stow")?;
    stage.run_operator(&options.stow).await?;

    kubectl_shown(stage, &["create", "namespace", NAMESPACE]).await?;
    for example in ["example.yaml", "example-v1beta1.yaml"] {
        apply(stage, options, example, &["--namespace", NAMESPACE]).await?;
    }
    until_ready(stage).await?;

    let databases = checks::databases(stage).await?;
    for database in &databases {
        checks::is_available(stage, database).await?;
        let keys = checks::secret_keys(stage, database).await?;
        say(format!("Secret of {database}: {}", keys.join(" ")))?;
        checks::reads_in_both_versions(stage, database).await?;
    }
    say("==> logging in over TLS, with nothing but the Secret's DATABASE_URL")?;
    for database in &databases {
        let row = connection::write_and_read(stage, database).await?;
        say(format!("{database}: wrote a row, and read back {row:?}"))?;
    }
    for text in connection::by_hand(stage, databases.first()).await? {
        say(text)?;
    }
    if options.stay {
        return Ok(());
    }
    if let Some(first) = databases.first() {
        say(format!("==> deleting {first}"))?;
        let snapshot = checks::deletion(stage, first).await?;
        say(format!("it is gone, and its final snapshot is {snapshot}"))?;
    }
    say("==> every step held; taking everything down")
}

async fn apply(
    stage: &mut Stage,
    options: &Options,
    manifest: &str,
    arguments: &[&str],
) -> Result<()> {
    let path = options.yaml.join(manifest);
    let path = path.to_string_lossy();
    let arguments = [&["apply", "-f", &path], arguments].concat();
    kubectl_shown(stage, &arguments).await
}

/// Shows what the objects go through, until each of them is Ready.
async fn until_ready(stage: &mut Stage) -> Result<()> {
    let watch = ["get", KIND, "--namespace", NAMESPACE, "--watch"];
    let wait = |state| {
        let all = ["--all", "--namespace", NAMESPACE, "--timeout=180s"];
        [&["wait", state, KIND], &all[..]].concat()
    };
    // A database can be used while RDS takes its first backup.
    let usable = wait("--for=condition=Ready");
    let at_rest = wait("--for=jsonpath={.status.ready}=available");
    say(format!("$ kubectl {}", watch.join(" ")))?;
    let kubectl = stage.kubectl();
    let mut watched = kubectl.follow(&watch)?;
    let mut last = Vec::new();
    let ready = async {
        kubectl.run(&usable).await?.ok()?;
        kubectl.run(&at_rest).await?.ok()
    };
    tokio::pin!(ready);
    loop {
        tokio::select! {
            // What was printed until then is shown before.
            biased;
            line = watched.line() => show_once(&mut last, line?)?,
            output = &mut ready => break drop(output?),
            ended = stage.operator_ended(FOR_GOOD) => return Err(ended),
        }
    }
    kubectl_shown(stage, &usable).await
}

/// Shows a line of a watch, unless it differs from the last one about the same
/// object in its age alone.
fn show_once(last: &mut Vec<Vec<String>>, line: String) -> Result<()> {
    let mut columns: Vec<_> = line.split_whitespace().map(ToOwned::to_owned).collect();
    columns.pop();
    if last.contains(&columns) {
        return Ok(());
    }
    last.retain(|known| known.first() != columns.first());
    last.push(columns);
    say(line)
}

/// Runs a command as a user would, with the command and what it prints shown;
/// gives up when the operator ends, since some wait for it.
async fn kubectl_shown(stage: &mut Stage, arguments: &[&str]) -> Result<()> {
    say(format!("$ kubectl {}", arguments.join(" ")))?;
    let kubectl = stage.kubectl();
    let output = tokio::select! {
        output = kubectl.run(arguments) => output?,
        ended = stage.operator_ended(FOR_GOOD) => return Err(ended),
    };
    say(output.ok()?.trim_end())
}

fn say(text: impl Display) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}")
        .and_then(|()| stdout.flush())
        .map_err(Error::system("writing to standard output"))
}

fn explain(error: Error, stage: Option<&Stage>) -> Error {
    match stage.and_then(Stage::operator_tail) {
        // An error of a component shows the end of that component's own log.
        _ if matches!(error, Error::Component { .. }) => error,
        None => error,
        Some(log) => Error::Component {
            name: "stow".to_owned(),
            reason: error.to_string(),
            log,
        },
    }
}

/// Ends when this process is asked to end.
fn interrupted() -> Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).map_err(Error::system("listening for signals"));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}
