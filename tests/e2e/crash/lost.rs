//! Each answer lost once, each read failed, with the operator alive throughout.
//! Many objects at a time: each loses another of its calls.

use std::ops::Range;

use harness::proxy::Rule;
use harness::{Call, Proxy, Result};

use super::outcome::{Subject, created, delete, deleted, gone, manifest, told};
use super::strike::{Mishap, Nth, concerns, is_read, rds_fails};
use super::{OF_A_CREATE, OF_A_DELETE, assert_covers, at_rest, begin, wrong};
use crate::stage::Stage;

/// Objects at a time: fewer than are reconciled at once.
const WAVE: u64 = 12;

/// Waves of lost reads: what is read later is the same again, as often as a
/// slow create is looked after.
const READ_WAVES: usize = 2;

/// How often a read is sent before it is given up.
const ATTEMPTS: u64 = 3;

#[tokio::test]
async fn each_answer_to_a_mutation_lost_once() -> Result<()> {
    let stage = Stage::running().await?;
    stage.make_room().await?;
    let (mut of_creates, mut of_deletes) = (Vec::new(), Vec::new());
    for wave in waves() {
        let (subjects, struck) =
            create_all(&stage, "lost", wave, Call::is_mutation, Mishap::Lost).await?;
        let creates_over = gather(&mut of_creates, struck);
        let struck = delete_all(&stage, &subjects).await?;
        if gather(&mut of_deletes, struck) && creates_over {
            break;
        }
    }
    assert_covers(&of_creates, &OF_A_CREATE);
    assert_covers(&of_deletes, &OF_A_DELETE);
    Ok(())
}

#[tokio::test]
async fn each_read_of_a_create_lost_or_failed_once() -> Result<()> {
    let stage = Stage::running().await?;
    stage.make_room().await?;
    for (prefix, mishap) in [("unread", Mishap::Lost), ("failed", Mishap::Failed)] {
        let mut reads = Vec::new();
        for wave in waves().take(READ_WAVES) {
            let (_, struck) = create_all(&stage, prefix, wave, is_read, mishap).await?;
            if gather(&mut reads, struck) {
                break;
            }
        }
        let least = ["GET postgresdbs", "GET secrets", "DescribeDBInstances"];
        assert_covers(&reads, &least);
    }
    at_rest(&stage).await
}

/// Puts a rule in force.
type Trouble = fn(&Proxy) -> Rule;

#[tokio::test]
async fn observations_that_fail_for_good_only_delay() -> Result<()> {
    let mut stage = Stage::running().await?;
    let troubles: [(&str, Trouble); 5] = [
        ("one-failed", |rds| {
            rds.when(of_one).times(ATTEMPTS).answer(rds_fails())
        }),
        ("one-lost", |rds| rds.when(of_one).times(ATTEMPTS).lose()),
        ("all-failed", |rds| {
            rds.when(of_all).times(ATTEMPTS).answer(rds_fails())
        }),
        ("all-lost", |rds| rds.when(of_all).times(ATTEMPTS).lose()),
        ("all-torn", |rds| {
            let half = |page: String| page.chars().take(page.len() / 2).collect();
            rds.when(of_all).times(ATTEMPTS).map(half)
        }),
    ];
    for (name, trouble) in troubles {
        // Anew: the first sweep of a process is all that it knows.
        stage.kill().await?;
        let rule = trouble(&stage.only().rds);
        stage.restart(0)?;
        stage.apply(&manifest(name), &[]).await?;
        let ready = stage.ready(name).await;
        ready.map_err(|error| wrong(name, &error))?;
        assert_eq!(rule.hits(), ATTEMPTS, "{name}");
        created(&stage, name, &stage.only().rds.calls(), name).await?;
    }
    at_rest(&stage).await
}

fn of_one(call: &Call) -> bool {
    call.action() == Some("DescribeDBInstances") && call.parameter("DBInstanceIdentifier").is_some()
}

fn of_all(call: &Call) -> bool {
    call.action() == Some("DescribeDBInstances") && !of_one(call)
}

fn waves() -> impl Iterator<Item = Range<u64>> {
    (0..).map(|wave| wave * WAVE..(wave + 1) * WAVE)
}

/// What was struck of each object; nothing where its run was over by then.
type Struck = Vec<Option<String>>;

/// Collects what was struck. Says whether the last run was over by then.
fn gather(all: &mut Vec<String>, struck: Struck) -> bool {
    let over = struck.last().is_some_and(Option::is_none);
    all.extend(struck.into_iter().flatten());
    over
}

/// Creates an object for each place; the mishap befalls that call of its kind.
async fn create_all(
    stage: &Stage,
    prefix: &str,
    places: Range<u64>,
    kind: fn(&Call) -> bool,
    mishap: Mishap,
) -> Result<(Vec<Subject>, Struck)> {
    begin(stage);
    let replica = stage.only();
    let mut manifests = String::new();
    let mut objects = Vec::new();
    for n in places {
        let name = format!("{prefix}-{n:02}");
        manifests.push_str(&manifest(&name));
        let nth = Nth::new(n);
        let about = name.clone();
        let kind = move |call: &Call| kind(call) && concerns(call, &about);
        nth.befall(mishap, replica, kind);
        objects.push((name, nth));
    }
    stage.apply(&manifests, &[]).await?;
    let mut subjects = Vec::new();
    let mut struck = Vec::new();
    for (n, (name, nth)) in objects.into_iter().enumerate() {
        let ready = stage.ready(&name).await;
        let what = format!("{name} without {n}: {:?}", nth.struck());
        ready.map_err(|error| wrong(&what, &error))?;
        subjects.push(created(stage, &name, &replica.rds.calls(), &what).await?);
        struck.push(nth.struck().map(str::to_owned));
    }
    Ok((subjects, struck))
}

/// Deletes the objects; each loses the answer to another mutation.
async fn delete_all(stage: &Stage, subjects: &[Subject]) -> Result<Struck> {
    begin(stage);
    let replica = stage.only();
    let mut deletions = Vec::new();
    for (n, subject) in (0..).zip(subjects) {
        let nth = Nth::new(n);
        let about = subject.name.clone();
        let kind = move |call: &Call| call.is_mutation() && concerns(call, &about);
        nth.befall(Mishap::Lost, replica, kind);
        deletions.push((subject, nth, delete(stage, &subject.name).await?));
    }
    let mut struck = Vec::new();
    for (subject, nth, deletion) in deletions {
        gone(stage, &subject.name).await?;
        if nth.struck().is_none() {
            // What the operator does last, and may be still to come.
            told(stage, &subject.uid, "Letting the object go").await?;
        }
        let what = format!("{} without {:?}", subject.name, nth.struck());
        deleted(stage, subject, &deletion, &replica.rds.calls(), &what).await?;
        struck.push(nth.struck().map(str::to_owned));
    }
    Ok(struck)
}
