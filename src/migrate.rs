//! `stow migrate`: every object rewritten to the storage version, and only then the
//! old version dropped from `status.storedVersions`.
//!
//! An API server stores an object in the storage version whenever it is written,
//! even if nothing changes. What it leaves is who manages which field and what
//! kubectl applied last, both in the old version's words: they are rewritten by
//! conversion. Each step does no harm where it is made twice, and is of the one
//! state of the object that it was computed from; so a migration may be killed at
//! any moment and begun anew, and several may run at once.
//!
//! Nothing here may change a spec or a status, or take an object for migrated that
//! was not read back.

mod calls;
mod definition;
mod due;
mod footing;
mod object;
mod pace;
mod progress;
mod proof;
mod rewrite;
mod walk;

pub use due::Due;

use std::io::Write;
use std::process::ExitCode;
use std::{fmt, io};

use stow_versions::{CRD, HUB, SPOKE};

use self::calls::Calls;
use self::footing::{drop_old, ready, settled};
use self::object::Outcome;
use self::progress::Terminal;
use self::proof::Proof;
use self::walk::{Tally, walk};
use crate::cli::Migrate;
use crate::connect::{self, Cluster};

/// How often a migration begins anew, because the CRD changed under it. More often
/// than that it is no accident.
const ROUNDS: usize = 10;

/// Exit code: some objects are not as they should be. They are named.
const REMAINING: u8 = 1;

/// Exit code: it could not begin, or not go on.
const CUT_SHORT: u8 = 3;

/// Why a migration could not begin, or not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No cluster can be talked to.
    #[error(transparent)]
    Connect(#[from] connect::Error),
    /// The runtime cannot be set up.
    #[error("the runtime cannot be set up")]
    Runtime(#[source] io::Error),
    /// There is nothing to migrate.
    #[error("CustomResourceDefinition {} does not exist: apply yaml/crd.yaml", CRD)]
    NoDefinition,
    /// The CRD is not ready.
    #[error("CustomResourceDefinition {name} is not ready: {why}", name = CRD)]
    NotReady {
        /// What is wrong, and what to do.
        why: String,
    },
    /// A right is missing.
    #[error("the API server forbids it: {0}. docs/migrate.md says which rights it takes")]
    Denied(String),
    /// The API server, or what it needs, is away.
    #[error(
        "gave up {0}. What was migrated stays so: run `stow migrate` again once it is back. \
         `stow preflight` names an object that cannot be converted"
    )]
    Away(String),
    /// The CRD changes all the time.
    #[error(
        "CustomResourceDefinition {} changed {ROUNDS} times while objects were rewritten: find \
         out who edits it, and run `stow migrate` again",
        CRD
    )]
    Restless,
    /// Standard output is closed.
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

impl Error {
    fn not_ready(why: &dyn fmt::Display) -> Self {
        let why = why.to_string();
        Self::NotReady { why }
    }
}

/// What is done with each object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    /// It is rewritten.
    Rewrite,
    /// Each is read back, and what is not as this migration left it is seen to anew.
    Prove,
    /// What a rewrite would do is asked of the API server.
    DryRun,
    /// It is proven that nothing is left to do.
    Verify,
}

/// Whoever watches a migration.
trait Stage: Send + Sync {
    /// A walk over so many objects begins.
    fn begins(&self, task: Task, objects: u64);
    /// An object is done.
    fn outcome(&self, task: Task, outcome: &Outcome);
    /// Something is worth a line.
    fn say(&self, line: &str);
}

/// Carries out the command, and returns its exit code.
pub fn run(settings: &Migrate) -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    runtime.block_on(commanded(settings))
}

/// The exit code of an error.
pub fn exit_code() -> ExitCode {
    ExitCode::from(CUT_SHORT)
}

async fn commanded(settings: &Migrate) -> Result<ExitCode, Error> {
    let mut cluster = Cluster::of(settings.kubernetes.context.as_deref()).await?;
    let _ = writeln!(io::stderr(), "{cluster}");
    // How often the API server has too much to do is what the pace goes by.
    cluster.config.default_retry = false;
    let client = cluster.client()?;
    let stage = Terminal::new();
    let most = usize::from(settings.concurrency);
    let calls = Calls::new(client, settings.patience, most, &stage);
    let tally = if settings.dry_run {
        dry_run(&calls).await
    } else if settings.verify {
        verify(&calls).await
    } else {
        migrated(&calls).await
    };
    stage.ends();
    Ok(if tally?.remaining.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(REMAINING)
    })
}

/// Rewrites every object, proves it, and drops the old version; anew wherever the
/// CRD has changed meanwhile, since what was stored then is not known.
async fn migrated<S: Stage>(calls: &Calls<'_, S>) -> Result<Tally, Error> {
    let mut rewritten = 0;
    for _ in 0..ROUNDS {
        let definition = ready(calls).await?;
        settled(calls, &definition).await;
        let mut proof = Proof::default();
        let mut tally = walk(calls, Task::Rewrite, &mut proof).await?;
        rewritten += tally.rewritten;
        if !tally.remaining.is_empty() {
            calls.stage().say(&format!(
                "Rewrote {rewritten} of {} objects. {} could not be, and status.storedVersions \
                 stays as it is.",
                tally.objects,
                tally.remaining.len()
            ));
            return Ok(tally);
        }
        let proven = walk(calls, Task::Prove, &mut proof).await?;
        tally.remaining = proven.remaining;
        if !tally.remaining.is_empty() {
            return Ok(tally);
        }
        if proven.stale > 0 {
            // By somebody past the API server, or by one that goes by an older CRD.
            calls.stage().say(&format!(
                "{} objects were found stored in another version again: going over all.",
                proven.stale
            ));
            continue;
        }
        if drop_old(calls, &definition).await? {
            calls.stage().say(&format!(
                "Rewrote {rewritten} of {} objects, and read each back. All are stored as {HUB}, \
                 and status.storedVersions says so.",
                proven.objects
            ));
            return Ok(tally);
        }
        calls.stage().say(&format!(
            "CustomResourceDefinition {CRD} changed meanwhile: going over the objects again."
        ));
    }
    Err(Error::Restless)
}

/// Says of every object what would become of it.
async fn dry_run<S: Stage>(calls: &Calls<'_, S>) -> Result<Tally, Error> {
    let definition = ready(calls).await?;
    let tally = walk(calls, Task::DryRun, &mut Proof::default()).await?;
    let stored = definition.stored.join(", ");
    calls.stage().say(&format!(
        "{} objects would be rewritten, {} could not be. They are stored as any of: {stored}. \
         Nothing was written.",
        tally.rewritten,
        tally.remaining.len()
    ));
    Ok(tally)
}

/// Proves of every object that it is stored in the new version and names no other.
async fn verify<S: Stage>(calls: &Calls<'_, S>) -> Result<Tally, Error> {
    let definition = ready(calls).await?;
    settled(calls, &definition).await;
    let tally = walk(calls, Task::Verify, &mut Proof::default()).await?;
    let after = ready(calls).await?;
    if !definition.stands_in(&after) {
        return Err(Error::not_ready(
            &"it changed while objects were read back, which proves nothing then: run `stow \
              migrate --verify` again",
        ));
    }
    let stage = calls.stage();
    let (objects, remaining) = (tally.objects, tally.remaining.len());
    if remaining == 0 {
        stage.say(&format!(
            "All {objects} objects are stored as {HUB}, and none names {SPOKE}."
        ));
        if !after.is_alone() {
            stage.say(&format!(
                "status.storedVersions still says {}: run `stow migrate`.",
                after.stored.join(", ")
            ));
        }
        return Ok(tally);
    }
    stage.say(&format!(
        "{remaining} of {objects} objects are not migrated."
    ));
    if after.is_alone() {
        stage.say(&format!(
            "status.storedVersions says {HUB} alone, which is not so: do not remove {SPOKE} from \
             the CustomResourceDefinition before `stow migrate` ends with 0."
        ));
    }
    Ok(tally)
}
