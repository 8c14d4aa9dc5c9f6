//! Faults of where a database is to come from.
//!
//! Nothing here may say whether that is allowed.

use stow_versions::v1beta1::{Adopt, PointInTime, RestoreFrom};

use super::{DNS_NAME, Faults, IDENTIFIER};
use crate::cluster::is_secret_name;
use crate::syntax;

impl Faults {
    pub(super) fn origin(&mut self, restore: Option<&RestoreFrom>, adopt: Option<&Adopt>) {
        if let Some(RestoreFrom {
            snapshot,
            point_in_time,
        }) = restore
        {
            if snapshot.is_some() == point_in_time.is_some() {
                self.0.push(
                    "spec.restoreFrom: write either snapshot or pointInTime, and not both."
                        .to_owned(),
                );
            }
            let form = format!("the identifier of a DB snapshot: {IDENTIFIER}");
            self.text(
                "restoreFrom.snapshot",
                snapshot.as_ref(),
                syntax::is_snapshot,
                &form,
            );
            if let Some(PointInTime { object, time }) = point_in_time {
                if object.is_none() {
                    self.0.push(
                        "spec.restoreFrom.pointInTime.object is missing: write the name of the PostgresDB whose past it is."
                            .to_owned(),
                    );
                }
                let path = "restoreFrom.pointInTime.object";
                self.text(path, object.as_ref(), is_secret_name, DNS_NAME);
                let write = "a time in UTC, to the second, such as \"2026-11-22T09:30:00Z\"";
                self.text(
                    "restoreFrom.pointInTime.time",
                    time.as_ref(),
                    syntax::is_time,
                    write,
                );
            }
        }
        if let Some(Adopt { identifier }) = adopt {
            if identifier.is_none() {
                self.0.push(
                    "spec.adopt.identifier is missing: write the identifier of an RDS instance, or remove spec.adopt."
                        .to_owned(),
                );
            }
            let form = |text: &str| text.len() <= 63 && syntax::is_identifier(text);
            let write = format!("the identifier of an RDS instance: {IDENTIFIER}");
            self.text("adopt.identifier", identifier.as_ref(), form, &write);
            if restore.is_some() {
                self.0.push(
                    "spec.adopt and spec.restoreFrom exclude each other: remove one.".to_owned(),
                );
            }
        }
    }
}
