//! Server-side apply by managers of both versions, held against what one version
//! alone would have made of it.
//!
//! Beside the definition of two versions stands a twin: v1beta1 alone, in a group
//! of its own, on the same API server. Every apply goes to both, to the twin as
//! conversion says it in v1beta1. After each, the spec and the owner of every
//! field must be the same. Where they cannot be, `known` says so, and why.
//!
//! The operator only converts here: no write of its own comes between.

mod cases;
mod known;
mod plant;
mod view;

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use harness::Result;
use jiff::Timestamp;
use serde_json::json;

use self::cases::{APART, Actor, Case, MOVING, Step, cases, orders, shapes};
use self::known::{KNOWN, Known};
use self::plant::Plants;
use self::view::Outcome;
use crate::stage::Stage;

const HUB: &str = "myob.com/v1beta1";

/// Applies under way at once: enough to keep the API server busy.
const AT_ONCE: usize = 8;

/// One order of applies, and the object that it is for.
struct Walk<'a> {
    case: &'a Case,
    object: String,
    steps: Vec<Step>,
}

/// The first apply of a walk that two versions and one do not agree on.
struct Difference {
    case: &'static str,
    steps: Vec<Step>,
    two: Outcome,
    one: Outcome,
}

impl Difference {
    fn last(&self) -> Step {
        self.steps[self.steps.len() - 1]
    }

    fn tell(&self) -> String {
        let Self { case, two, one, .. } = self;
        let steps: Vec<_> = self.steps.iter().map(Step::to_string).collect();
        format!(
            "{case}: {}\n  two versions: {two}\n  one version: {one}",
            steps.join(", ")
        )
    }
}

impl Walk<'_> {
    /// Applies step by step, until the two differ.
    async fn go(self, plants: &Plants) -> Result<Option<Difference>> {
        for (index, &step) in self.steps.iter().enumerate() {
            let (two, one) = plants.apply(&self.object, self.case, step).await?;
            if two != one {
                return Ok(Some(Difference {
                    case: self.case.name,
                    steps: self.steps[..=index].to_vec(),
                    two,
                    one,
                }));
            }
        }
        Ok(None)
    }
}

fn walks<'a>(cases: &'a [Case], actors: [Actor; 2], prefix: &'static str) -> Vec<Walk<'a>> {
    let of = |case: &'a Case| {
        let mut all = orders(actors);
        if case.with_shapes {
            all.extend(shapes(actors));
        }
        let name = case.name.replace(' ', "-");
        all.into_iter()
            .enumerate()
            .map(move |(number, steps)| Walk {
                case,
                object: format!("{prefix}-{name}-{number}"),
                steps,
            })
    };
    cases.iter().flat_map(of).collect()
}

/// A stage whose operator converts and does nothing else: somebody else leads.
pub(crate) async fn converting() -> Result<Stage> {
    let mut stage = Stage::boot_with(&["--without-postgres"]).await?;
    stage.start(&[]).await?;
    let lease = json!({"spec": {
        "holderIdentity": "nobody",
        "leaseDurationSeconds": 3600,
        "renewTime": format!("{:.6}", Timestamp::now()),
    }});
    let lease = lease.to_string();
    let patch = ["patch", "lease", "stow", "-n", "stow-system"];
    stage
        .kubectl(&[&patch[..], &["--type=merge", "-p", &lease]].concat())
        .await?;
    stage.said(0, "does not lead any more").await?;
    Ok(stage)
}

/// Every order of applies by a manager of each version, and by one manager whose
/// manifest moves between them.
#[tokio::test]
async fn property_03_applies_across_versions_are_those_of_one_version() -> Result<()> {
    let stage = converting().await?;
    let plants = Plants::start(&stage).await?;
    let cases = cases();
    let mut all = walks(&cases, APART, "apart");
    all.extend(walks(&cases, MOVING, "moving"));
    let found: Vec<_> = stream::iter(all)
        .map(|walk| walk.go(&plants))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;

    let mut met = BTreeMap::new();
    let mut strange = Vec::new();
    for difference in found.into_iter().flatten() {
        match KNOWN.iter().find(|known| (known.fits)(&difference)) {
            Some(known) => *met.entry(known.name).or_insert(0) += 1,
            None => strange.push(difference.tell()),
        }
    }
    strange.sort();
    assert!(
        strange.is_empty(),
        "{} differences that `known` does not have:\n{}",
        strange.len(),
        strange.join("\n")
    );
    let expected: BTreeMap<_, _> = KNOWN
        .iter()
        .map(|known| (known.name, known.orders))
        .collect();
    assert_eq!(met, expected, "what is known is not what is met");
    Ok(())
}

/// What cannot be reached is told to users, by the names of the table.
#[test]
fn what_is_known_is_documented() {
    let document = include_str!("../../docs/versions.md");
    for Known { name, .. } in KNOWN {
        assert!(document.contains(&format!("**{name}**")), "{name}");
    }
}
