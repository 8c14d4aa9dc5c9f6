//! Every rule of RDS for PostgreSQL as rows of tables: parameters, and whether
//! they are accepted or which code refuses them. Each table says where its rules
//! come from.
//!
//! "The model" is botocore's `rds/2014-10-31/service-2.json`, whose texts are the
//! API reference's; "the guide" is the RDS User Guide.

mod create;
mod delete;
mod modify;
mod names;
mod send;
mod storage;
mod tags;

use aws_sdk_rds::{Client, error::ProvideErrorMetadata};
use drydock::settings::Settings;

use crate::berth::{Berth, until};

/// Parameters by their names in the API. A value like `x*128` is repeated, and
/// `-` leaves a parameter out that a request otherwise has.
type Given = &'static [(&'static str, &'static str)];

/// What comes of it: the code of the refusal, if it is one.
type Outcome = Option<&'static str>;

const ACCEPTED: Outcome = None;
const VALUE: Outcome = Some("InvalidParameterValue");
const COMBINATION: Outcome = Some("InvalidParameterCombination");
const STATE: Outcome = Some("InvalidDBInstanceState");

/// Rows with one origin.
struct Table {
    origin: &'static str,
    rows: &'static [(Given, Outcome)],
}

/// A region without quotas.
async fn berth() -> Berth {
    Berth::with(Settings {
        instances: usize::MAX,
        storage: i64::MAX,
        storage_changes: usize::MAX,
        ..Settings::default()
    })
    .await
}

/// Creates an instance for each row, and fails with every row that came out
/// differently.
async fn check_creates(tables: &[Table]) {
    let berth = berth().await;
    let rds = berth.rds();
    let mut wrong = Vec::new();
    for Table { origin, rows } in tables {
        for (number, (given, expected)) in rows.iter().enumerate() {
            let outcome = outcome(send::create(&rds, &name_of(number), given).send().await);
            // The next table has the same names.
            forget(&rds, &name_of(number)).await;
            if outcome.as_deref() != *expected {
                wrong.push(format!(
                    "{given:?}: {outcome:?}, not {expected:?} ({origin})"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A row about an instance that is there: how it was made, how it is modified.
type Changed = (Given, Given, Outcome);

/// Modifies an instance for each row.
async fn check_modifies(origin: &str, rows: &[Changed]) {
    let berth = berth().await;
    let rds = berth.rds();
    let mut wrong = Vec::new();
    for (number, (made, given, expected)) in rows.iter().enumerate() {
        let name = name_of(number);
        send::create(&rds, &name, made).send().await.unwrap();
        until(&rds, &name, "available").await;
        let outcome = outcome(send::modify(&rds, &name, given).send().await);
        if outcome.as_deref() != *expected {
            wrong.push(format!(
                "{made:?} then {given:?}: {outcome:?}, not {expected:?} ({origin})"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn name_of(number: usize) -> String {
    format!("row-{number}")
}

async fn forget(rds: &Client, name: &str) {
    let delete = rds.delete_db_instance().db_instance_identifier(name);
    if delete.skip_final_snapshot(true).send().await.is_ok() {
        crate::berth::until_gone(rds, name).await;
    }
}

fn outcome<T, E: ProvideErrorMetadata + std::fmt::Debug>(result: Result<T, E>) -> Option<String> {
    let error = result.err()?;
    Some(error.code().map_or(format!("{error:?}"), str::to_owned))
}
